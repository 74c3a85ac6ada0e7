//! Names of keys: letters in either case, `-` and `_` alike, `*` for any characters, `?` for one.

/// A name, or a pattern with `*` and `?`.
#[derive(Debug, Clone)]
pub(crate) struct Name(Vec<char>);

impl Name {
    pub(crate) fn new(name: &str) -> Self {
        Self(folded(name).collect())
    }

    pub(crate) fn matches(&self, key: &str) -> bool {
        let (name, mut key) = (&self.0, folded(key).peekable());
        if !name.iter().any(|c| matches!(c, '*' | '?')) {
            return key.eq(name.iter().copied());
        }
        let key: Vec<char> = key.by_ref().collect();
        // Position of the last `*`, and how much of the key it matched: only that one is retried.
        let (mut at, mut from, mut star) = (0, 0, None);
        while at < key.len() {
            match name.get(from) {
                Some('*') => {
                    star = Some((from, at));
                    from += 1;
                }
                Some(c) if *c == '?' || *c == key[at] => {
                    from += 1;
                    at += 1;
                }
                _ => match &mut star {
                    Some((place, taken)) => {
                        *taken += 1;
                        (from, at) = (*place + 1, *taken);
                    }
                    None => return false,
                },
            }
        }
        name[from..].iter().all(|c| *c == '*')
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' { '_' } else { c })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_whole_keys() {
        let matches = |name: &str, key: &str| Name::new(name).matches(key);
        assert!(matches("password", "Password") && matches("api_key", "API-Key"));
        assert!(!matches("password", "db_password") && !matches("pass", "password"));
        assert!(matches("*password*", "db_password_2") && matches("*password", "password"));
        assert!(matches("*_key", "ssh_key_key") && !matches("*_key", "key"));
        assert!(matches("pin?", "pin1") && !matches("pin?", "pin"));
        assert!(matches("*", "") && !matches("a*b", "ac"));
    }
}
