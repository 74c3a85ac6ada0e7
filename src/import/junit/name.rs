//! Parses the names of test cases and of files.

/// What the name of a test case says: `[web-01] Play: Task argument=value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CaseName<'n> {
    pub(super) host: &'n str,
    pub(super) play: &'n str,
    /// With the role before it, and without arguments, which may be secret.
    pub(super) task: &'n str,
}

impl<'n> CaseName<'n> {
    /// None: the name is not one of the callback's. A prefix for test cases may come before it.
    pub(super) fn read(name: &'n str) -> Option<Self> {
        let (_, rest) = name.split_once('[')?;
        let (host, rest) = rest.split_once("] ")?;
        let at = rest
            .match_indices(": ")
            .map(|(at, _)| at)
            // A colon between spaces stands between a role and its task.
            .find(|at| !rest[..*at].ends_with(' '))?;
        Some(Self {
            host,
            play: &rest[..at],
            task: without_arguments(&rest[at + 2..]),
        })
    }
}

/// A task's name without the arguments that the callback appends.
fn without_arguments(name: &str) -> &str {
    let mut start = 0;
    while let Some(at) = name[start..].find(' ') {
        let word = &name[start + at + 1..];
        let end = word
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
            .unwrap_or(word.len());
        let is_option = end > 0
            && word[end..].starts_with('=')
            && !word.starts_with(|letter: char| letter.is_ascii_digit());
        if is_option {
            return &name[..start + at];
        }
        start += at + 1;
    }
    name
}

/// When a file was written, in microseconds since the Unix epoch: `site-1795982862.615206.xml`.
pub(super) fn time_of_file(name: &str) -> Option<i64> {
    let (_, seconds) = name.strip_suffix(".xml")?.rsplit_once('-')?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // A date or a number at the end of a name is no time of this kind.
    if !is_number(whole) || !is_number(fraction) || whole.len() < 10 {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_test_case_has_host_play_and_task() {
        for (name, expected) in [
            ("[web-01] Web: Install", Some(("web-01", "Web", "Install"))),
            (
                "[h1] Odd things: Say where _raw_params=echo \"a: b\"",
                Some(("h1", "Odd things", "Say where")),
            ),
            (
                "[h1] a : b: web : Install name=x",
                Some(("h1", "a : b", "web : Install")),
            ),
            ("EXPECTED [h1] P: T", Some(("h1", "P", "T"))),
            (
                "[h1] P: is 1=1 and x == y",
                Some(("h1", "P", "is 1=1 and x == y")),
            ),
            ("[h1] P: ", Some(("h1", "P", ""))),
            ("test_something", None),
            ("test[h1]", None),
            ("[h1] no play", None),
        ] {
            let read = CaseName::read(name).map(|read| (read.host, read.play, read.task));
            assert_eq!(read, expected, "{name}");
        }
    }

    #[test]
    fn the_name_of_a_file_has_the_time() {
        for (name, expected) in [
            ("odd-1795982862.615206.xml", Some(1_795_982_862_615_206)),
            ("a-b-1795982871.7.xml", Some(1_795_982_871_700_000)),
            ("a-1795982871.71206123.xml", Some(1_795_982_871_712_061)),
            ("a-1795982871.xml", Some(1_795_982_871_000_000)),
            ("odd.xml", None),
            ("junit-2026.xml", None),
            ("a-1795982871.7.txt", None),
            ("a-99999999999999999999.0.xml", None),
        ] {
            assert_eq!(time_of_file(name), expected, "{name}");
        }
    }
}
