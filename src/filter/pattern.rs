//! Texts to compare a column with: exactly, or as a pattern in which `*` stands for any text.

/// A text, or a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// This text.
    Exact(String),
    /// Any text of this form.
    Glob(Glob),
}

impl Pattern {
    /// Whether the text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Glob(glob) => glob.matches(text),
        }
    }
}

/// A pattern with at least one `*`, which stands for any text, even an empty one. Every other character stands for
/// itself. Upper and lower case differ, as in a comparison with the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    /// The texts between the stars: at least two.
    pieces: Vec<String>,
}

impl Glob {
    /// Reads a pattern; none if there is no `*` in it.
    #[must_use]
    pub fn new(pattern: &str) -> Option<Self> {
        let mut pieces: Vec<String> = pattern.split('*').map(str::to_owned).collect();
        let last = pieces.len().checked_sub(1).filter(|last| *last > 0)?;
        // Several stars in a row are one.
        let mut at = 0;
        pieces.retain(|piece| {
            at += 1;
            at == 1 || at == last + 1 || !piece.is_empty()
        });
        Some(Self { pieces })
    }

    /// The same pattern after any text that ends with `before`.
    #[must_use]
    pub fn behind(&self, before: &str) -> Self {
        let mut pieces = vec![String::new()];
        pieces.extend(self.pieces.iter().cloned());
        pieces[1].insert_str(0, before);
        Self { pieces }
    }

    /// The texts between the stars, of which the first and the last may be empty.
    #[must_use]
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn text(&self) -> String {
        self.pieces.join("*")
    }

    /// Whether a text matches. It takes the first match for each piece, which is enough because only `*` is variable.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let [first, between @ .., last] = self.pieces.as_slice() else {
            return false;
        };
        let Some(mut text) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for piece in between {
            let Some(at) = text.find(piece.as_str()) else {
                return false;
            };
            text = &text[at + piece.len()..];
        }
        text.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("web-*", "web-01", true),
            ("web-*", "web-", true),
            ("web-*", "xweb-01", false),
            ("web-*", "WEB-01", false),
            ("*.example", "a.example", true),
            ("*.example", "a.example.org", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "acb", false),
            ("aa*aa", "aaa", false),
            ("*", "", true),
            ("***", "any", true),
            ("a**b", "ab", true),
            ("é*", "éva", true),
            ("a?*", "ab", false),
            ("[a]*", "a", false),
        ] {
            let glob = Glob::new(pattern).unwrap();
            assert_eq!(glob.matches(text), expected, "{pattern} {text}");
        }
        assert_eq!(Glob::new("web"), None);
        assert_eq!(Glob::new("a***b").unwrap().text(), "a*b");
        assert!(Glob::new("b/*").unwrap().behind("/").matches("/a/b/c"));
    }
}
