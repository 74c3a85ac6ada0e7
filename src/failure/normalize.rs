//! Normalizes messages: what differs between hosts and runs of one error becomes a placeholder such as `<n>`.

use std::net::{Ipv4Addr, Ipv6Addr};

/// All placeholders of values.
const PLACEHOLDERS: &[&str] = &[
    "<n>",
    "<path>",
    "<url>",
    "<ip>",
    "<mac>",
    "<uuid>",
    "<hex>",
    "<time>",
    "<duration>",
    "<temp>",
    "<host>",
];

/// Lines with this beginning are a remark of ssh's about the connection before the error.
const REMARK: &str = "Warning: Permanently added ";

/// Rounds at most; two are the rule.
const ROUNDS: usize = 16;

/// Parts of a word, at colons and at signs, that may be values. Messages come from outside, so a word of nothing but
/// colons must not cost more than others.
const PARTS: usize = 16;

/// Units of a duration, the longest names first.
pub(super) const UNITS: &[&str] = &[
    "seconds", "minutes", "hours", "days", "secs", "mins", "sec", "min", "ms", "us", "ns", "s",
    "m", "h", "d",
];

/// The message without colours, numbers, addresses, paths, times, names of temporary files and the host's own name.
/// Normalizing twice is the same as once.
#[must_use]
pub fn normalized(text: &str, host: &str) -> String {
    let mut text = without_escapes(text);
    // What surrounds a placeholder may only then be recognized as a value; each round leaves less to find.
    for _ in 0..ROUNDS {
        let normal = replaced(&text, host);
        if normal == text {
            break;
        }
        text = normal;
    }
    text
}

fn replaced(text: &str, host: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with(REMARK));
    let mut normal = String::with_capacity(text.len());
    for line in lines {
        let mut rest = line;
        let mut after_host = false;
        while let Some(first) = rest.chars().next() {
            if first.is_whitespace() {
                if !normal.is_empty() && !normal.ends_with(' ') {
                    normal.push(' ');
                }
                rest = &rest[first.len_utf8()..];
            } else if let Some(placeholder) = placeholder(rest) {
                normal.push_str(placeholder);
                rest = &rest[placeholder.len()..];
                after_host = false;
            } else if is_separator(first) {
                normal.push(first);
                rest = &rest[first.len_utf8()..];
            } else {
                let ends = |c: char| c.is_whitespace() || is_separator(c);
                let mut end = rest.find(ends).unwrap_or(rest.len());
                if rest[..end].contains("://") {
                    // The query of a URL belongs to it.
                    let ends = |c: char| ends(c) && c != '=' && c != ';';
                    end = rest.find(ends).unwrap_or(rest.len());
                }
                let (word, more) = rest.split_at(end);
                let bare = word.trim_end_matches(['.', ':', '!', '?', ';', '=']);
                push_word(&mut normal, bare, host, after_host);
                normal.push_str(&word[bare.len()..]);
                after_host = matches!(bare, "host" | "hostname");
                rest = more;
            }
        }
        if !normal.is_empty() && !normal.ends_with(' ') {
            normal.push(' ');
        }
    }
    normal.truncate(normal.trim_end().len());
    normal
}

/// The text without terminal control sequences.
#[must_use]
pub fn without_escapes(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            clean.push(c);
        } else if chars.next_if_eq(&'[').is_some() {
            // Parameters, up to the letter that ends the sequence.
            let mut ended = false;
            while !ended && let Some(next) = chars.next_if(|next| next.is_ascii()) {
                ended = matches!(next, '@'..='~');
            }
        }
    }
    clean
}

fn placeholder(text: &str) -> Option<&'static str> {
    let mut all = PLACEHOLDERS.iter().copied();
    all.find(|placeholder| text.starts_with(placeholder))
}

pub(super) fn is_separator(c: char) -> bool {
    "\"'`()[]{}<>,;=|“”‘’«»".contains(c)
}

/// Adds a word without separators; `after_host`: the word before it was "host".
fn push_word(to: &mut String, word: &str, host: &str, after_host: bool) {
    let (mut rest, mut after_host) = (word, after_host);
    for _ in 0..PARTS {
        if let Some(placeholder) = whole(rest, host, after_host) {
            to.push_str(placeholder);
            return;
        }
        // host:port, user@host, file:line
        let Some(at) = rest.find([':', '@']) else {
            break;
        };
        match whole(&rest[..at], host, false) {
            Some(placeholder) => to.push_str(placeholder),
            None => push_without_numbers(to, &rest[..at]),
        }
        to.push_str(&rest[at..=at]);
        (rest, after_host) = (&rest[at + 1..], false);
    }
    push_without_numbers(to, rest);
}

/// The placeholder of a word, or of a part of one, that is a value or the host's name as a whole.
fn whole(word: &str, host: &str, after_host: bool) -> Option<&'static str> {
    if word.is_empty() {
        return None;
    }
    if is_own(word, host) {
        return Some("<host>");
    }
    kind(word).or_else(|| (after_host && word.contains(['.', '-'])).then_some("<host>"))
}

/// Whether the word is the host's inventory name, in full or within a domain.
fn is_own(word: &str, host: &str) -> bool {
    let rest = word.strip_prefix(host).filter(|_| !host.is_empty());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The placeholder of a word that is a value as a whole.
fn kind(word: &str) -> Option<&'static str> {
    if word.contains("://") {
        return Some("<url>");
    }
    if is_path(word) {
        return Some("<path>");
    }
    value(word)
}

/// The placeholder of a word that is a value as a whole, and neither a path nor a URL.
pub(super) fn value(word: &str) -> Option<&'static str> {
    if is_temporary(word) {
        return Some("<temp>");
    }
    let bytes = word.as_bytes();
    let is_hex = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_hexdigit());
    let parts = |separator: char, sizes: &[usize]| {
        let whole = sizes.iter().sum::<usize>() + sizes.len() - 1;
        let mut parts = word.split(separator).zip(sizes);
        word.len() == whole && parts.all(|(part, size)| part.len() == *size && is_hex(part))
    };
    if parts('-', &[8, 4, 4, 4, 12]) {
        return Some("<uuid>");
    }
    if parts(':', &[2; 6]) || parts('-', &[2; 6]) {
        return Some("<mac>");
    }
    if is_address(word) {
        return Some("<ip>");
    }
    if is_time(bytes) {
        return Some("<time>");
    }
    if is_duration(word) {
        return Some("<duration>");
    }
    if word.strip_prefix("0x").is_some_and(is_hex) {
        return Some("<hex>");
    }
    let mixed = bytes.iter().any(u8::is_ascii_digit) && bytes.iter().any(u8::is_ascii_alphabetic);
    (mixed && bytes.len() >= 7 && is_hex(word)).then_some("<hex>")
}

/// Absolute paths, and relative ones that cannot be words such as "and/or".
fn is_path(word: &str) -> bool {
    let bytes = word.as_bytes();
    let is_windows = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":\\";
    let starts = ["/", "~/", "./", "../"];
    let is_absolute = starts
        .iter()
        .any(|start| word.len() > start.len() && word.starts_with(start));
    let slashes = bytes.iter().filter(|byte| **byte == b'/').count();
    let file = word.rsplit('/').next().unwrap_or_default();
    let is_network = word
        .split_once('/')
        .is_some_and(|(address, _)| is_address(address));
    is_windows
        || is_absolute
        || (!is_network && (slashes > 1 || (slashes == 1 && file.contains('.'))))
}

/// Names that Python and Ansible give temporary files.
fn is_temporary(word: &str) -> bool {
    let is_random = |rest: &str| {
        rest.len() == 8
            && rest
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    word.starts_with("ansible-tmp-") || word.strip_prefix("tmp").is_some_and(is_random)
}

/// An IPv4 or IPv6 address, perhaps with a zone or the size of its network.
fn is_address(word: &str) -> bool {
    let (address, size) = word.split_once('/').unwrap_or((word, "0"));
    let address = address.split('%').next().unwrap_or_default();
    let is_size = !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit());
    // "::" is punctuation more often than an address.
    let is_v6 = address.len() > 2 && address.parse::<Ipv6Addr>().is_ok();
    is_size && (is_v6 || address.parse::<Ipv4Addr>().is_ok())
}

/// A date, with or without a time, or a time of day.
fn is_time(word: &[u8]) -> bool {
    let like = |pattern: &[u8]| {
        word.len() >= pattern.len()
            && pattern
                .iter()
                .zip(word)
                .all(|(pattern, byte)| match pattern {
                    b'9' => byte.is_ascii_digit(),
                    other => other == byte,
                })
    };
    if like(b"9999-99-99") || like(b"9999/99/99") {
        return word.len() == 10 || !word[10].is_ascii_alphanumeric() || word[10] == b'T';
    }
    let is_clock = like(b"99:99:99") || like(b"9:99:99");
    is_clock
        && word
            .iter()
            .all(|byte| byte.is_ascii_digit() || b":.,Z+".contains(byte))
}

/// A number with a unit of time, or several: `1m30s`.
fn is_duration(word: &str) -> bool {
    let mut rest = word;
    let mut any = false;
    while !rest.is_empty() {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if digits.len() == rest.len() || rest.starts_with('.') {
            return false;
        }
        let Some(unit) = UNITS.iter().find(|unit| digits.starts_with(**unit)) else {
            return false;
        };
        rest = &digits[unit.len()..];
        any = true;
    }
    any
}

/// Adds a word, with a placeholder for each number in it; versions such as `2.19.0` are one number.
fn push_without_numbers(to: &mut String, word: &str) {
    let mut rest = word;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        to.push_str(&rest[..start]);
        to.push_str("<n>");
        let number = &rest[start..];
        let mut end = 0;
        let mut bytes = number.bytes().enumerate().peekable();
        while let Some((at, byte)) = bytes.next() {
            let goes_on = bytes.peek().is_some_and(|(_, next)| next.is_ascii_digit());
            if !(byte.is_ascii_digit() || (byte == b'.' && goes_on)) {
                break;
            }
            end = at + 1;
        }
        rest = &number[end..];
    }
    to.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pairs of one error as two hosts say it, and how it is written.
    const EQUAL: &[(&str, &str, &str)] = &[
        ("exit 1", "exit 137", "exit <n>"),
        ("v2.19.0 is old", "v2.9 is old", "v<n> is old"),
        (
            "connect to 10.0.0.1 port 22: Connection refused",
            "connect to 10.9.8.7 port 2222: Connection refused",
            "connect to <ip> port <n>: Connection refused",
        ),
        ("bind 10.0.0.1:80", "bind 10.0.0.12:8080", "bind <ip>:<n>"),
        (
            "route fe80::1%eth0 lost",
            "route 2001:db8::7 lost",
            "route <ip> lost",
        ),
        ("net 10.0.0.0/8", "net 10.1.0.0/16", "net <ip>"),
        (
            "no such file: '/etc/a.conf'",
            "no such file: '/srv/b/c'",
            "no such file: '<path>'",
        ),
        ("C:\\a missing", "D:\\b\\c missing", "<path> missing"),
        (
            "at roles/web/tasks/main.yml:12",
            "at roles/db/main.yml:9",
            "at <path>",
        ),
        (
            "GET https://a.example/x failed",
            "GET http://b/y?z=1 failed",
            "GET <url> failed",
        ),
        ("\u{1b}[0;31mno space\u{1b}[0m", "no  space\n", "no space"),
        (
            "id 0190c3f2-5b7a-7def-8000-000000000001 taken",
            "id ffffffff-0000-4000-8000-00000000abcd taken",
            "id <uuid> taken",
        ),
        (
            "link 52:54:00:12:34:56 down",
            "link aa-bb-cc-dd-ee-ff down",
            "link <mac> down",
        ),
        (
            "commit 1a2b3c4 gone",
            "commit 9f8e7d6c5b4a gone",
            "commit <hex> gone",
        ),
        ("object at 0x7f01", "object at 0xffee01", "object at <hex>"),
        (
            "at 2026-01-20T10:00:00Z",
            "at 2025-12-31T23:59:59.5+01:00",
            "at <time>",
        ),
        ("at 10:00:00", "at 9:59:01.123", "at <time>"),
        ("after 30s", "after 1m30s", "after <duration>"),
        ("read tmpab12cd_9", "read tmpzzzzzzzz", "read <temp>"),
        ("in ansible-tmp-1.5-7-8", "in ansible-tmp-2", "in <temp>"),
        (
            "Warning: Permanently added '10.0.0.1' (ED25519).\r\nrefused",
            "refused",
            "refused",
        ),
        (
            "connect to host db-1.example.com port 22",
            "connect to host db-2.example.org port 23",
            "connect to host <host> port <n>",
        ),
        ("/dev/sda1: full", "/dev/nvme0n1p2: full", "<path>: full"),
        (
            "ann@10.0.0.1: denied",
            "ann@10.0.0.2: denied",
            "ann@<ip>: denied",
        ),
    ];

    const DIFFERENT: &[(&str, &str)] = &[
        ("no space left", "no route to host"),
        ("Connection refused", "Connection timed out"),
        ("stdout/stderr", "stdout/stdin"),
        ("No package nginx available", "No package apache available"),
        ("cannot read: true", "cannot read: false"),
        ("deadbeef", "facade"),
        ("tmpfs is full", "tmpfiles is full"),
        ("user ann@a", "user bob@a"),
    ];

    #[test]
    fn messages_that_differ_in_values_are_equal() {
        for (one, other, normal) in EQUAL {
            assert_eq!(normalized(one, "web-01"), *normal);
            assert_eq!(normalized(other, "web-02"), *normal);
        }
    }

    #[test]
    fn messages_that_differ_in_words_differ() {
        for (one, other) in DIFFERENT {
            assert_ne!(normalized(one, ""), normalized(other, ""));
        }
    }

    #[test]
    fn the_hosts_own_name_is_taken_out_alone() {
        let normal = "connect to host <host> port <n>";
        for (host, name) in [
            ("db", "db"),
            ("web-01", "web-01"),
            ("web-01", "web-01.example.com"),
        ] {
            let text = format!("connect to host {name} port 22");
            assert_eq!(normalized(&text, host), normal);
        }
        assert_eq!(normalized("'db' said: dbus", "db"), "'<host>' said: dbus");
        assert_eq!(normalized("ann@db:22", "db"), "ann@<host>:<n>");
    }

    #[test]
    fn a_word_of_nothing_but_colons_costs_no_stack() {
        // Messages are normalized on threads with 2 MiB.
        let colons = format!("{}a1", ":@".repeat(2_000));
        let normal = format!("{}a<n>", ":@".repeat(2_000));
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let done = thread.spawn(move || normalized(&colons, "web-01"));
        assert_eq!(done.unwrap().join().unwrap(), normal);
    }

    fn words() -> impl Strategy<Value = String> {
        let known: Vec<&str> = EQUAL.iter().flat_map(|(a, b, c)| [*a, *b, *c]).collect();
        let word = prop_oneof![
            "[ -~\u{1b}äß\n]{0,12}",
            proptest::sample::select(known).prop_map(str::to_owned),
            proptest::sample::select(PLACEHOLDERS).prop_map(str::to_owned),
        ];
        proptest::collection::vec(word, 0..6).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn normalizing_twice_is_the_same_as_once(text in words(), host in "[a-z0-9.-]{0,8}") {
            let once = normalized(&text, &host);
            prop_assert_eq!(normalized(&once, &host), once);
        }
    }
}
