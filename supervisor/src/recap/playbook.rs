//! The recap that ends a playbook:
//!
//! ```text
//! PLAY RECAP *******************************************
//! web1             : ok=2    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
//! (an empty line)
//! ```
//!
//! A message cannot forge one. Results are printed within a line (JSON) or indented (YAML), so most texts never start
//! at the beginning of a line. A few do: the label of a loop's item, a `prepared` diff, the prompt of `pause`, some
//! callback plugins' results. But such a text is never the last: more of the play is printed after it (which
//! invalidates an earlier recap), and Ansible prints the real recap at the end. With colours, no result can imitate the
//! headline, which has none.
//!
//! What remains is a run that ends without a recap: by a signal or an interruption (then no recap is accepted), or by
//! an error right after a forged one, before Ansible prints anything else of the play.
//!
//! A command that runs several playbooks prints several recaps, each with the totals so far; the last one counts. If
//! stdout and stderr are one terminal or pipe, both are read. With callback plugins that print another recap or none
//! (and cowsay), a run has no statistics.

use playback_wire::HostStats;

use super::plain::{host, plain, uncoloured, without_return};
use super::{Hosts, MAX_HOSTS};
use crate::leave::End;

/// Exit codes of an aborted playbook: interrupted by a person, or by an exception.
const BROKEN_OFF: [i32; 2] = [99, 250];

/// Beginnings of lines that are only printed while a play is running.
const GOING_ON: [&[u8]; 16] = [
    b"PLAY [",
    b"PLAY *",
    b"PLAYBOOK: ",
    b"TASK [",
    b"RUNNING HANDLER [",
    b"CLEANUP TASK [",
    b"NO MORE HOSTS LEFT ",
    b"ok: [",
    b"changed: [",
    b"failed: [",
    b"fatal: [",
    b"skipping: ",
    b"included: ",
    b"...ignoring",
    b"FAILED - RETRYING: ",
    b"ASYNC ",
];

/// The recaps of one run.
#[derive(Debug, Default)]
pub(super) struct Recaps {
    /// The recap being printed.
    open: Option<Hosts>,
    /// The last complete recap.
    complete: Option<Hosts>,
}

impl Recaps {
    /// Handles the next line.
    pub(super) fn line(&mut self, line: &[u8]) {
        if line.first() == Some(&b'P') && is_headline(line) {
            self.complete = None;
            self.open = Some(Hosts::new());
        } else if let Some(mut hosts) = self.open.take() {
            if without_return(line).is_empty() {
                self.complete = Some(hosts);
            } else if hosts.len() < MAX_HOSTS
                && let Some((name, counts)) = counted(line)
                && hosts.insert(name, counts).is_none()
            {
                self.open = Some(hosts);
            }
        } else if self.complete.is_some() && goes_on(line) {
            self.complete = None;
        }
    }

    /// The totals; no hosts if there was no real recap. `within`: the last line is unfinished.
    pub(super) fn finish(self, within: bool, end: End) -> Hosts {
        let believed = match end {
            End::Signal(_) => false,
            End::Code(code) => !BROKEN_OFF.contains(&code),
        };
        let open = self.open.filter(|_| !within);
        open.or(self.complete)
            .filter(|_| believed)
            .unwrap_or_default()
    }
}

fn is_headline(line: &[u8]) -> bool {
    without_return(line)
        .strip_prefix(b"PLAY RECAP ")
        .is_some_and(|stars| stars.len() >= 3 && stars.iter().all(|byte| *byte == b'*'))
}

fn goes_on(line: &[u8]) -> bool {
    let line = uncoloured(line);
    GOING_ON.iter().any(|beginning| line.starts_with(beginning))
}

/// The host and the counts of a line of a recap.
fn counted(line: &[u8]) -> Option<(String, HostStats)> {
    let text = plain(without_return(line))?;
    let at = text.rfind(" : ok=")?;
    let (name, rest) = text.split_at(at);
    Some((host(name)?.to_owned(), counts(&rest[3..])?))
}

/// `ok=2 changed=1 …`, in this order. Ansible before 2.8 printed the first four or five only.
fn counts(text: &str) -> Option<HostStats> {
    let mut stats = HostStats::default();
    let fields: [(&str, &mut u64); 7] = [
        ("ok", &mut stats.ok),
        ("changed", &mut stats.changed),
        ("unreachable", &mut stats.unreachable),
        ("failed", &mut stats.failed),
        ("skipped", &mut stats.skipped),
        ("rescued", &mut stats.rescued),
        ("ignored", &mut stats.ignored),
    ];
    let mut pairs = text.split_ascii_whitespace();
    for (at, (name, count)) in fields.into_iter().enumerate() {
        let pair = match pairs.next() {
            Some(pair) => pair,
            None if at >= 4 => break,
            None => return None,
        };
        let digits = pair.strip_prefix(name)?.strip_prefix('=')?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *count = digits.parse().ok()?;
    }
    pairs.next().is_none().then_some(stats)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "\nPLAY RECAP *************\n";
    const ALPHA: &str = "alpha : ok=2    changed=1    unreachable=0    failed=0    skipped=3    rescued=4    ignored=5   \n";
    const FORGED: &str = "alpha : ok=9 changed=9 unreachable=9 failed=9\n";

    fn read_to(end: End, text: &str) -> Hosts {
        let mut recaps = Recaps::default();
        let mut lines = text.split_inclusive('\n').peekable();
        let mut within = false;
        while let Some(line) = lines.next() {
            match line.strip_suffix('\n') {
                Some(line) => recaps.line(line.as_bytes()),
                None => within = lines.peek().is_none(),
            }
        }
        recaps.finish(within, end)
    }

    fn read(text: &str) -> Hosts {
        read_to(End::Code(0), text)
    }

    fn alpha() -> Hosts {
        let stats = HostStats {
            ok: 2,
            changed: 1,
            skipped: 3,
            rescued: 4,
            ignored: 5,
            ..HostStats::default()
        };
        Hosts::from([("alpha".into(), stats)])
    }

    #[test]
    fn a_recap_is_read_with_or_without_its_empty_line() {
        assert_eq!(read(&format!("{HEAD}{ALPHA}\n")), alpha());
        assert_eq!(read(&format!("{HEAD}{ALPHA}")), alpha());
        assert_eq!(read(&format!("{HEAD}{ALPHA}\nran 3 s\n")), alpha());
        let terminal = format!("{HEAD}{ALPHA}\n").replace('\n', "\r\n");
        assert_eq!(read(&terminal), alpha());
        assert_eq!(read(&format!("{HEAD}\n")), Hosts::new());
    }

    #[test]
    fn hosts_may_be_odd_and_coloured_and_ansible_old() {
        let hosts = read(
            "PLAY RECAP ***\n\
             \u{1b}[0;33mfe80::1\u{1b}[0m      : \u{1b}[0;32mok=1   \u{1b}[0m changed=0    unreachable=0    failed=0\n\
             web \u{fc} : ok=1    : ok=2 changed=0 unreachable=1 failed=0 skipped=7\n",
        );
        let names: Vec<&str> = hosts.keys().map(String::as_str).collect();
        assert_eq!(names, ["fe80::1", "web \u{fc} : ok=1"]);
        assert_eq!(hosts["web \u{fc} : ok=1"].unreachable, 1);
        assert_eq!(hosts["web \u{fc} : ok=1"].skipped, 7);
    }

    #[test]
    fn the_last_recap_is_the_total() {
        let two =
            format!("{HEAD}{FORGED}\nPLAY [b] ***\n\nTASK [x] ***\nok: [alpha]\n{HEAD}{ALPHA}\n");
        assert_eq!(read(&two), alpha());
    }

    #[test]
    fn what_a_message_says_does_not_count() {
        for forged in [
            FORGED.to_owned(),
            format!("ok: [alpha] => {{\"msg\": \"\\nPLAY RECAP ***\\n{FORGED}\"}}\n"),
            format!("ok: [alpha] =>\n    msg: |-\n        PLAY RECAP ***\n        {FORGED}\n"),
            format!("PLAY RECAP\n{FORGED}\n"),
            format!("PLAY RECAP **\n{FORGED}\n"),
            format!("PLAY RECAP *** x\n{FORGED}\n"),
            format!("\u{1b}[0;32mPLAY RECAP ****\u{1b}[0m\n{FORGED}\n"),
            format!("PLAY RECAP ****\nhello\n{FORGED}\n"),
            format!("PLAY RECAP ****\n{FORGED}{FORGED}\n"),
            format!("PLAY RECAP ****\n{FORGED}\ny)\nTASK [next] ****\n"),
            format!("PLAY RECAP ****\n{FORGED}\ny)\n\u{1b}[0;32mok: [alpha]\u{1b}[0m\n"),
            format!("PLAY RECAP ****\n{FORGED}y"),
        ] {
            assert_eq!(read(&forged), Hosts::new(), "{forged}");
            assert_eq!(read(&format!("{forged}{HEAD}{ALPHA}\n")), alpha());
        }
    }

    #[test]
    fn a_run_that_was_broken_off_has_no_recap() {
        let text = format!("ok: [alpha] => (item=\n{HEAD}{FORGED}\n");
        for end in [End::Signal(15), End::Code(99), End::Code(250)] {
            assert_eq!(read_to(end, &text), Hosts::new());
        }
    }

    #[test]
    fn counts_are_exactly_ansibles() {
        let (ok, counts) = (
            "h : ok=1 changed=2 unreachable=3 failed=4",
            |text: String| counted(text.as_bytes()),
        );
        assert!(counts(ok.into()).is_some());
        for wrong in [
            "h : ok=1 changed=2 unreachable=3".to_owned(),
            format!("{ok} rescued=1"),
            format!("{ok} skipped=0 rescued=0 ignored=0 more=1"),
            format!("{ok} skipped="),
            format!("{ok} skipped=+1"),
            format!("{ok} skipped=99999999999999999999"),
            format!(" {ok}"),
            format!("{ok} skipped=0 x"),
            format!("{}{ok}", "x".repeat(5_000)),
            ok.replace(" : ", ": "),
        ] {
            assert_eq!(counts(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn more_hosts_than_any_run_has_are_not_kept() {
        let mut recaps = Recaps::default();
        recaps.line(b"PLAY RECAP ***");
        for n in 0..=MAX_HOSTS {
            recaps.line(format!("h{n} : ok=1 changed=0 unreachable=0 failed=0").as_bytes());
        }
        assert_eq!(recaps.finish(false, End::Code(0)), Hosts::new());
    }
}
