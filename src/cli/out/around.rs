//! Cuts a line that is wider than the terminal so that the match stays visible.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::table::CUT;

/// Cuts both ends of a line that is given in parts, of which every second one is a match. It keeps as much text around
/// the first match as fits, and drops no part.
pub(in crate::cli) fn cut_around(parts: &[String], width: usize) -> Vec<String> {
    if parts.iter().map(|part| part.width()).sum::<usize>() <= width {
        return parts.to_vec();
    }
    let all: Vec<(usize, char)> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, text)| text.chars().map(move |c| (part, c)))
        .collect();
    let of = |at: usize| all[at].1.width().unwrap_or(0);
    let first = all.iter().position(|(part, _)| *part == 1).unwrap_or(0);
    // The characters from `start` to `end` are kept. A cut end shows a mark, which also takes space.
    let (mut start, mut end) = (first, first);
    let mut room = width.saturating_sub(2 * CUT.width());
    while end < all.len() && all[end].0 <= 1 && of(end) <= room {
        room -= of(end);
        end += 1;
    }
    loop {
        let before = (start, end);
        if end < all.len() && of(end) <= room {
            room -= of(end);
            end += 1;
        }
        if start > 0 && of(start - 1) <= room {
            start -= 1;
            room -= of(start);
        }
        if before == (start, end) {
            break;
        }
    }
    let mut kept = vec![String::new(); parts.len()];
    if start > 0 {
        kept[0].push_str(CUT);
    }
    for (part, c) in &all[start..end] {
        kept[*part].push(*c);
    }
    if let (Some(last), true) = (kept.last_mut(), end < all.len()) {
        last.push_str(CUT);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(parts: &[&str], width: usize) -> String {
        let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        let kept = cut_around(&parts, width);
        assert_eq!(kept.len(), parts.len());
        let line = kept.concat();
        assert!(line.width() <= width, "{width}: {line}");
        line
    }

    #[test]
    fn the_match_stays_in_sight() {
        assert_eq!(cut(&["one ", "two", " three"], 13), "one two three");
        assert_eq!(cut(&["one ", "two", " three"], 11), "…ne two th…");
        assert_eq!(cut(&["", "two", " three four"], 9), "two thr…");
        assert_eq!(cut(&["one two three ", "four", ""], 10), "…ree four");
        assert_eq!(cut(&["", "a long match", ""], 8), "a long…");
        assert_eq!(cut(&["日本語の", "文字", "です"], 10), "…の文字で…");
        // A line around a match, for example, contains no match.
        assert_eq!(cut(&["a long line"], 8), "a long…");
        for width in 2..40 {
            cut(
                &[
                    "so much before it ",
                    "match",
                    " then 日本語",
                    "match",
                    " after",
                ],
                width,
            );
        }
    }
}
