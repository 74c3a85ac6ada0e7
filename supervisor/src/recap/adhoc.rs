//! The line with which `ansible` reports each host, above or beside what the module returned:
//!
//! ```text
//! web1 | SUCCESS => {                   web1 | FAILED! => {
//! web1 | CHANGED | rc=0 >>              web1 | UNREACHABLE! => {
//! web1 | FAILED | rc=2 >>               web1 | UNREACHABLE!: no route        (--one-line)
//! web1 | SKIPPED                        web1 | CHANGED | rc=0 | (stdout) …   (--one-line)
//! ```
//!
//! The format is ambiguous: below `>>` is a command's raw output, without a mark where it ends. A command can imitate
//! the line of a host. The effect is limited: only a host's first line counts, so a command cannot speak for its own
//! host, whose line is printed above its output, nor for a host that has already reported; and if the exit code
//! contradicts a line (a failed host, and 0), the line is ignored. It can still speak for a host that has not reported
//! yet, or does not exist. Nothing in the JSON or YAML that modules return is at the beginning of a line.
//!
//! With a callback plugin of the user's (`bin_ansible_callbacks`), there may be no such lines.

use std::collections::BTreeMap;

use playback_wire::HostStats;

use super::plain::{host, plain, uncoloured, without_return};
use super::{Hosts, MAX_HOSTS};
use crate::leave::End;

/// Text between a host and its status.
const BAR: &[u8] = b" | ";

/// How much of a line is examined: host and status.
const HEAD_BYTES: usize = 512;

/// The status of a host's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Success,
    Changed,
    Failed,
    Unreachable,
    Skipped,
}

impl Status {
    /// Whether a run with this end can have had such a host. The exit code reflects the worst status.
    fn fits(self, end: End) -> bool {
        match end {
            End::Code(0) => !matches!(self, Status::Failed | Status::Unreachable),
            End::Code(2) => self != Status::Unreachable,
            _ => true,
        }
    }

    fn count(self, stats: &mut HostStats) {
        match self {
            Status::Success => stats.ok += 1,
            Status::Changed => {
                stats.ok += 1;
                stats.changed += 1;
            }
            Status::Failed => stats.failed += 1,
            Status::Unreachable => stats.unreachable += 1,
            Status::Skipped => stats.skipped += 1,
        }
    }
}

/// The statuses from the lines so far.
#[derive(Debug)]
pub(super) struct Statuses {
    /// A host may have several tasks: all of its lines count.
    several: bool,
    /// For each host: its statuses in the order of first appearance, with their number.
    hosts: BTreeMap<String, Vec<(Status, u64)>>,
    /// There were more hosts than in any real run.
    too_many: bool,
}

impl Statuses {
    pub(super) fn new(several: bool) -> Self {
        Self {
            several,
            hosts: BTreeMap::new(),
            too_many: false,
        }
    }

    /// Handles the next line.
    pub(super) fn line(&mut self, line: &[u8]) {
        let head = &line[..line.len().min(HEAD_BYTES)];
        if memchr::memmem::find(head, BAR).is_none() {
            return;
        }
        let Some((name, status)) = reported(line) else {
            return;
        };
        if self.hosts.len() >= MAX_HOSTS && !self.hosts.contains_key(&name) {
            self.too_many = true;
            return;
        }
        let said = self.hosts.entry(name).or_default();
        match said.iter_mut().find(|(known, _)| *known == status) {
            Some((_, times)) => *times += 1,
            None => said.push((status, 1)),
        }
    }

    /// The counts; no hosts if the lines are not credible.
    pub(super) fn finish(self, end: End) -> Hosts {
        if self.too_many {
            return Hosts::new();
        }
        let counted = self.hosts.into_iter().filter_map(|(name, said)| {
            let mut stats = HostStats::default();
            let mut fitting = said
                .iter()
                .filter(|(status, _)| status.fits(end))
                .peekable();
            fitting.peek()?;
            if self.several {
                for (status, times) in fitting {
                    (0..*times).for_each(|_| status.count(&mut stats));
                }
            } else {
                fitting
                    .take(1)
                    .for_each(|(status, _)| status.count(&mut stats));
            }
            Some((name, stats))
        });
        counted.collect()
    }
}

/// The host and status of a line.
fn reported(line: &[u8]) -> Option<(String, Status)> {
    let line = uncoloured(without_return(line));
    let head = &line[..line.len().min(HEAD_BYTES)];
    let bar = memchr::memmem::find(head, BAR)?;
    let name = plain(&line[..bar])?;
    let status = status(&line[bar + BAR.len()..])?;
    Some((host(&name)?.to_owned(), status))
}

fn status(text: &[u8]) -> Option<Status> {
    let text = text.strip_suffix(b"\x1b[0m").unwrap_or(text);
    let word = text
        .iter()
        .position(|byte| !byte.is_ascii_uppercase())
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(word);
    let returned = rest.starts_with(b" => {") || rest == b" => ";
    match word {
        b"SUCCESS" if returned || has_code(rest) => Some(Status::Success),
        b"CHANGED" if returned || has_code(rest) => Some(Status::Changed),
        b"FAILED" if has_code(rest) => Some(Status::Failed),
        b"SKIPPED" if rest.is_empty() => Some(Status::Skipped),
        b"FAILED" | b"UNREACHABLE" => {
            let rest = rest.strip_prefix(b"!")?;
            let returned = rest.starts_with(b" => {") || rest == b" => ";
            match word {
                b"FAILED" => returned.then_some(Status::Failed),
                _ => (returned || rest.starts_with(b": ")).then_some(Status::Unreachable),
            }
        }
        _ => None,
    }
}

/// ` | rc=0 >>` at the end, or ` | rc=0 | (stdout) …`.
fn has_code(text: &[u8]) -> bool {
    let Some(code) = text.strip_prefix(b" | rc=") else {
        return false;
    };
    let code = code.strip_prefix(b"-").unwrap_or(code);
    let digits = code.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = &code[digits..];
    digits > 0 && (rest == b" >>" || rest.starts_with(b" | (stdout) "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(several: bool, end: End, text: &str) -> Vec<(String, HostStats)> {
        let mut statuses = Statuses::new(several);
        for line in text.lines() {
            statuses.line(line.as_bytes());
        }
        statuses.finish(end).into_iter().collect()
    }

    fn names(hosts: &[(String, HostStats)], counts: fn(&HostStats) -> u64) -> String {
        let named = hosts.iter().filter(|(_, stats)| counts(stats) > 0);
        let names: Vec<&str> = named.map(|(name, _)| name.as_str()).collect();
        names.join(" ")
    }

    #[test]
    fn every_status_is_read() {
        let text = "\
            a | SUCCESS => {\n    \"changed\": false\n}\n\
            b | CHANGED | rc=0 >>\nhello\n\
            c | FAILED | rc=2 >>\nnon-zero return code\n\
            d | FAILED! => {\n}\n\
            e | UNREACHABLE! => {\n}\n\
            f | SKIPPED\n\
            fe80::1 | CHANGED => {\"changed\": true}\n\
            h h | SUCCESS | rc=0 | (stdout) x\n\
            i | FAILED | rc=-1 | (stdout) x (stderr) y\n\
            i | FAILED! => {\"changed\": true}\n\
            j | UNREACHABLE!: no route\n\
            k | SUCCESS => \n    changed: false\n";
        for text in [
            text.to_owned(),
            text.replace('\n', "\r\n"),
            text.lines()
                .map(|line| format!("\u{1b}[0;33m{line}\u{1b}[0m\n"))
                .collect(),
        ] {
            let hosts = read(false, End::Code(4), &text);
            assert_eq!(names(&hosts, |stats| stats.ok), "a b fe80::1 h h k");
            assert_eq!(names(&hosts, |stats| stats.changed), "b fe80::1");
            assert_eq!(names(&hosts, |stats| stats.failed), "c d i");
            assert_eq!(names(&hosts, |stats| stats.unreachable), "e j");
            assert_eq!(names(&hosts, |stats| stats.skipped), "f");
            assert!(hosts.iter().all(|(_, stats)| stats.failed <= 1));
        }
    }

    #[test]
    fn other_lines_are_passed_over() {
        for line in [
            "    a | SUCCESS => {",
            "a | SUCCESS",
            "a | SUCCESS =>",
            "a | CHANGED | rc=0",
            "a | CHANGED | rc= >>",
            "a | CHANGED | rc=0 >> x",
            "a | SKIPPED x",
            "a | FAILED => {",
            "a | FAILED! x",
            "a | grep x | SUCCESS => {",
            "a| SUCCESS => {",
            " | SUCCESS => {",
            "a\tb | SUCCESS => {",
        ] {
            assert_eq!(read(false, End::Code(0), line), [], "{line}");
        }
    }

    #[test]
    fn a_command_cannot_speak_for_hosts_that_have_reported_or_against_the_exit_code() {
        let text = "a | CHANGED | rc=0 >>\n\
                    a | UNREACHABLE! => {\n\
                    b | FAILED! => {\n\
                    b | SUCCESS => {\n\
                    a | FAILED! => {\n\
                    c | FAILED | rc=1 >>\n";
        let hosts = read(false, End::Code(0), text);
        assert_eq!(names(&hosts, |stats| stats.changed), "a");
        assert_eq!(names(&hosts, |stats| stats.ok), "a b");
        assert_eq!(names(&hosts, |stats| stats.failed + stats.unreachable), "");
        let hosts = read(false, End::Code(2), text);
        assert_eq!(names(&hosts, |stats| stats.failed), "b c");
        assert_eq!(names(&hosts, |stats| stats.unreachable), "");
    }

    #[test]
    fn a_role_reports_a_host_once_a_task() {
        let text =
            "a | SUCCESS => {\n}\na | CHANGED => {\n}\na | SUCCESS => {\n}\na | FAILED! => {\n}\n";
        let hosts = read(true, End::Code(2), text);
        let stats = hosts[0].1;
        assert_eq!((stats.ok, stats.changed, stats.failed), (3, 1, 1));
    }
}
