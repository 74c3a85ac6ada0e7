//! Marks matches in a line, and cuts long lines.

use std::ops::Range;

use crate::filter::TextPattern;

/// How much of a line is shown, in bytes, and how much of that before the first match.
const SHOWN: usize = 2_000;
const BEFORE: usize = 200;

/// How much of a line of the surroundings is shown, in bytes.
const SURROUNDING: usize = 500;

/// Matches that are marked in a line.
const MARKS: usize = 100;

/// A line in parts, of which every second one is a match. Of a long line, these are the parts around the first match.
pub(super) fn marked(line: &str, texts: &[&TextPattern]) -> Vec<String> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for text in texts {
        places.extend(text.places(line).take(MARKS));
    }
    places.sort_by_key(|place| (place.start, place.end));
    // Matches that overlap or touch are one mark.
    places.dedup_by(|next, place| {
        let touches = next.start <= place.end;
        if touches {
            place.end = place.end.max(next.end);
        }
        touches
    });
    let first = places.first().map_or(0, |place| place.start);
    let start = match line.len() > SHOWN {
        true => line.floor_char_boundary(first.saturating_sub(BEFORE)),
        false => 0,
    };
    let end = line.floor_char_boundary(start + SHOWN);
    let mut parts = Vec::with_capacity(3);
    let mut part = if start > 0 { "…" } else { "" }.to_owned();
    let mut at = start;
    for place in places.into_iter().filter(|place| place.start < end) {
        part.push_str(&line[at..place.start]);
        parts.push(std::mem::take(&mut part));
        at = place.end.min(end);
        parts.push(line[place.start..at].to_owned());
    }
    part.push_str(&line[at..end]);
    if end < line.len() {
        part.push('…');
    }
    parts.push(part);
    parts
}

/// A line beside a match, cut if it is long.
pub(super) fn surrounding(line: &str) -> String {
    if line.len() <= SURROUNDING {
        return line.to_owned();
    }
    format!("{}…", &line[..line.floor_char_boundary(SURROUNDING)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::TextForm;

    fn literal(text: &str) -> TextPattern {
        TextPattern::new(TextForm::Literal(text.to_owned())).unwrap()
    }

    #[test]
    fn every_second_part_is_a_match() {
        let (a, b) = (literal("a b"), literal("b c"));
        let texts = [&a, &b];
        assert_eq!(
            marked("x a b c y b c", &texts),
            ["x ", "a b c", " y ", "b c", ""]
        );
        assert_eq!(marked("a b", &texts), ["", "a b", ""]);
        assert_eq!(marked("none", &texts), ["none"]);
        let at = literal("@");
        assert_eq!(marked("@@x@", &[&at]), ["", "@@", "x", "@", ""]);
    }

    #[test]
    fn a_long_line_is_cut_around_its_first_match() {
        let line = format!("{}hit{}", "é ".repeat(5_000), " ü".repeat(5_000));
        let hit = literal("hit");
        let parts = marked(&line, &[&hit]);
        assert_eq!(parts[1], "hit");
        assert!(parts[0].starts_with('…') && parts[0].len() < 300);
        assert!(parts[2].ends_with('…') && parts[2].len() < 2_000);
        // The cut may fall into a match.
        let whole = TextPattern::new(TextForm::Regex("x+".to_owned())).unwrap();
        let parts = marked(&"x".repeat(9_000), &[&whole]);
        assert_eq!(
            parts.iter().map(String::len).collect::<Vec<_>>(),
            [0, 2_000, 3]
        );
        assert_eq!(surrounding(&"é".repeat(400)).chars().count(), 251);
    }
}
