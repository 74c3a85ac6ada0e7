//! A text without what differs between two runs that do the same: times, durations, addresses, identities and the names of
//! temporary files. Other numbers, versions and paths stay, because they are what a comparison looks for.

use super::normalize::{UNITS, is_separator, value, without_escapes};

const MONTHS: &[&str] = &[
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

const DAYS: &[&str] = &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Words before the number of a process.
const BEFORE_PID: &[&str] = &["pid", "PID", "process"];

/// How to treat hashes and other long hexadecimal numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hashes {
    /// They stay: they tell that a file or a commit is another one.
    Preserved,
    /// They are identities that differ each time.
    Replaced,
}

/// The text with placeholders such as `<time>` for what differs between two runs that do the same.
#[must_use]
pub fn steady(text: &str, hashes: Hashes) -> String {
    let text = without_escapes(text);
    let mut to = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut before = "";
    while let Some(first) = rest.chars().next() {
        if is_between(first) {
            to.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, more) = rest.split_at(rest.find(is_between).unwrap_or(rest.len()));
        let bare = word.trim_end_matches(['.', ':', '!', '?']);
        rest = more;
        if let Some(left) = after_two_words(bare, more) {
            // "Jan 20", "5 seconds": both words are one value.
            to.push_str(left.placeholder);
            (rest, before) = (left.rest, left.placeholder);
            continue;
        }
        let is_pid = BEFORE_PID.contains(&before) && is_whole_number(bare);
        let is_clock = before == "<time>" && is_short_clock(bare);
        match (is_pid, is_clock) {
            (true, _) => to.push_str("<n>"),
            (_, true) => to.push_str("<time>"),
            _ => push_word(&mut to, bare, hashes),
        }
        to.push_str(&word[bare.len()..]);
        before = if is_clock { "<time>" } else { bare };
    }
    to
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || is_separator(c)
}

/// A value of two words, and what follows it.
struct TwoWords<'t> {
    placeholder: &'static str,
    rest: &'t str,
}

fn after_two_words<'t>(word: &str, more: &'t str) -> Option<TwoWords<'t>> {
    let next = more.trim_start_matches(' ');
    if next.len() == more.len() || next.is_empty() {
        return None;
    }
    let (second, rest) = next.split_at(next.find(is_between).unwrap_or(next.len()));
    let bare = second.trim_end_matches(['.', ':', '!', '?']);
    let rest = match bare.len() == second.len() {
        true => rest,
        false => &next[bare.len()..],
    };
    let is_day = is_whole_number(bare) && bare.len() <= 2;
    if MONTHS.contains(&word) && is_day {
        return Some(TwoWords {
            placeholder: "<time>",
            rest,
        });
    }
    // The day of a week goes with the date after it.
    if DAYS.contains(&word) && (MONTHS.contains(&bare) || is_day) {
        return Some(TwoWords {
            placeholder: "",
            rest: next,
        });
    }
    let is_number = word.starts_with(|c: char| c.is_ascii_digit()) && word.parse::<f64>().is_ok();
    (is_number && UNITS.contains(&bare)).then_some(TwoWords {
        placeholder: "<duration>",
        rest,
    })
}

fn is_whole_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A time of day without seconds.
fn is_short_clock(word: &str) -> bool {
    let is_part = |part: &str| part.len() == 2 && is_whole_number(part);
    word.split_once(':')
        .is_some_and(|(hours, minutes)| is_part(hours) && is_part(minutes))
}

/// Adds a word. Paths, URLs and `user@host:port` are processed part by part.
fn push_word(to: &mut String, word: &str, hashes: Hashes) {
    if let Some(placeholder) = volatile(word, hashes) {
        to.push_str(placeholder);
        return;
    }
    let mut rest = word;
    loop {
        let end = rest.find(['/', ':', '@']).unwrap_or(rest.len());
        let (part, more) = rest.split_at(end);
        to.push_str(volatile(part, hashes).unwrap_or(part));
        let Some(separator) = more.chars().next() else {
            return;
        };
        to.push(separator);
        rest = &more[separator.len_utf8()..];
    }
}

/// The placeholder of a word that differs each time.
fn volatile(word: &str, hashes: Hashes) -> Option<&'static str> {
    if is_stamp(word) {
        return Some("<time>");
    }
    let placeholder = value(word)?;
    let is_hash = placeholder == "<hex>" && !word.starts_with("0x");
    (!is_hash || hashes == Hashes::Replaced).then_some(placeholder)
}

/// A time without separators, as in the names of releases and backups: `20260120100000`, `20260120T100000Z`.
fn is_stamp(word: &str) -> bool {
    let word = word.trim_end_matches('Z');
    let bytes = word.as_bytes();
    let is_digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    word.starts_with("20")
        && match bytes.len() {
            14 => is_digits(bytes),
            15 => is_digits(&bytes[..8]) && b"T-_.".contains(&bytes[8]) && is_digits(&bytes[9..]),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pairs of one text as two runs print it, and what remains.
    const SAME: &[(&str, &str, &str)] = &[
        ("at 10:00:00", "at 9:59:01.123", "at <time>"),
        (
            "at 2026-01-20T10:00:00Z.",
            "at 2025-12-31T23:59:59+01:00.",
            "at <time>.",
        ),
        ("on Jan 20 10:00", "on Feb 3 09:15", "on <time> <time>"),
        (
            "Tue Jan 20 10:00:00",
            "Sun Nov  1 23:59:59",
            "<time> <time>",
        ),
        ("took 0.53 seconds", "took 12 seconds", "took <duration>"),
        (
            "took 1m30s, done",
            "took 59s, done",
            "took <duration>, done",
        ),
        ("(3 min)", "(41 min)", "(<duration>)"),
        ("from 10.0.0.1:4711", "from 10.9.8.7:4711", "from <ip>:4711"),
        ("http://10.0.0.1/x", "http://10.0.0.2/x", "http://<ip>/x"),
        ("ann@10.0.0.1", "ann@10.0.0.2", "ann@<ip>"),
        (
            "link 52:54:00:12:34:56",
            "link 52:54:00:ab:cd:ef",
            "link <mac>",
        ),
        (
            "job 0190c3f2-5b7a-7def-8000-000000000001",
            "job ffffffff-0000-4000-8000-00000000abcd",
            "job <uuid>",
        ),
        ("at 0x7f01", "at 0xffee01", "at <hex>"),
        ("image 1a2b3c4d5e6f", "image 9f8e7d6c5b4a", "image <hex>"),
        ("pid 12", "pid 4711", "pid <n>"),
        ("PID: 12", "PID: 4711", "PID: <n>"),
        (
            "/root/.ansible/tmp/ansible-tmp-1.5-7-8/x.py",
            "/root/.ansible/tmp/ansible-tmp-2/x.py",
            "/root/.ansible/tmp/<temp>/x.py",
        ),
        (
            "/srv/releases/20260120100000",
            "/srv/releases/20251231235959",
            "/srv/releases/<time>",
        ),
        ("\u{1b}[0;32mok\u{1b}[0m", "ok", "ok"),
    ];

    const DIFFERENT: &[(&str, &str)] = &[
        ("nginx 1.24.0", "nginx 1.26.1"),
        ("exit 1", "exit 2"),
        ("/etc/a.conf", "/etc/b.conf"),
        ("http://a.example/x", "http://a.example/y"),
        ("port 80", "port 8080"),
        ("3 minions", "4 minions"),
        ("a\nb", "a b"),
    ];

    #[test]
    fn what_differs_each_time_is_replaced() {
        for (one, other, rest) in SAME {
            assert_eq!(steady(one, Hashes::Replaced), *rest);
            assert_eq!(steady(other, Hashes::Replaced), *rest);
        }
    }

    #[test]
    fn what_a_comparison_looks_for_stays() {
        for (one, other) in DIFFERENT {
            assert_ne!(
                steady(one, Hashes::Replaced),
                steady(other, Hashes::Replaced)
            );
        }
        let hash = "commit 1a2b3c4d5e6f";
        assert_eq!(steady(hash, Hashes::Preserved), hash);
        assert_eq!(steady("at 0x7f01", Hashes::Preserved), "at <hex>");
    }

    proptest! {
        #[test]
        fn lines_stay_lines(text in "[ -~äß\n]{0,60}") {
            let of = |text: &str| text.matches('\n').count();
            prop_assert_eq!(of(&steady(&text, Hashes::Replaced)), of(&text));
        }
    }
}
