//! Reads statistics from Ansible's output, in case no recorder reports them.
//!
//! - [`lines`]: pieces of output → lines, in bounded memory
//! - [`plain`]: a line without its colours
//! - [`playbook`]: the recap that ends a playbook
//! - [`adhoc`]: the line with which `ansible` reports each host
//!
//! Any text that Ansible prints may imitate Ansible's output. Each reader documents the possible effect; exit code and
//! status are never read from the output, so it cannot change how a run ended.

mod adhoc;
mod lines;
mod plain;
mod playbook;

use std::collections::BTreeMap;

use playback_wire::HostStats;

use crate::leave::End;
use adhoc::Statuses;
use lines::Lines;
use playbook::Recaps;

/// Host → counts.
pub(crate) type Hosts = BTreeMap<String, HostStats>;

/// Maximum number of hosts, which limits the memory that forged output can use.
const MAX_HOSTS: usize = 50_000;

/// The format of a command's statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `ansible-playbook`: a recap at the end.
    Playbook,
    /// `ansible`: a line for each host.
    Adhoc {
        /// The module may run several tasks on each host.
        several: bool,
    },
}

/// Reads the statistics of one run.
#[derive(Debug)]
pub(crate) struct Recap {
    lines: Lines,
    reader: Reader,
}

#[derive(Debug)]
enum Reader {
    Playbook(Recaps),
    Adhoc(Statuses),
}

impl Recap {
    /// Starts without any output.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            lines: Lines::default(),
            reader: match format {
                Format::Playbook => Reader::Playbook(Recaps::default()),
                Format::Adhoc { several } => Reader::Adhoc(Statuses::new(several)),
            },
        }
    }

    /// Handles the next bytes of stdout.
    pub(crate) fn printed(&mut self, bytes: &[u8]) {
        match &mut self.reader {
            Reader::Playbook(recaps) => self.lines.cut(bytes, |line| recaps.line(line)),
            Reader::Adhoc(statuses) => self.lines.cut(bytes, |line| statuses.line(line)),
        }
    }

    /// The statistics of a command, given how it ended; no hosts if it printed none that are credible.
    pub(crate) fn finish(self, end: End) -> Hosts {
        match self.reader {
            Reader::Playbook(recaps) => recaps.finish(self.lines.is_within(), end),
            Reader::Adhoc(statuses) => statuses.finish(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(format: Format, pieces: &[&[u8]], end: End) -> Hosts {
        let mut recap = Recap::new(format);
        for piece in pieces {
            recap.printed(piece);
        }
        recap.finish(end)
    }

    /// Relevant lines and others, in any order.
    fn output() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            Just("PLAY RECAP ****\n".to_owned()),
            Just("\n".to_owned()),
            Just("TASK [x] ****\n".to_owned()),
            Just("\u{1b}[0;32mok: [a]\u{1b}[0m\n".to_owned()),
            "[ab\u{fc}] +: ok=[0-9] changed=1 unreachable=0 failed=0\r?\n",
            "[ab] \\| (SUCCESS => \\{|CHANGED \\| rc=0 >>|FAILED! => \\{|SKIPPED)\n",
            "[a-z :|]{0,9}",
        ];
        proptest::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn where_output_is_cut_changes_nothing(text in output(), cuts: [prop::sample::Index; 3]) {
            let bytes = text.as_bytes();
            let mut cuts = cuts.map(|cut| cut.index(bytes.len() + 1));
            cuts.sort_unstable();
            let [a, b, c] = cuts;
            let pieces = [&bytes[..a], &bytes[a..b], &bytes[b..c], &bytes[c..]];
            for format in [Format::Playbook, Format::Adhoc { several: false }] {
                let end = End::Code(0);
                prop_assert_eq!(read(format, &pieces, end), read(format, &[bytes], end));
            }
        }

        #[test]
        fn no_bytes_upset_it(bytes: Vec<u8>, code in 0..5) {
            for format in [Format::Playbook, Format::Adhoc { several: true }] {
                read(format, &[b"PLAY RECAP ***\n", &bytes], End::Code(code));
            }
        }
    }
}
