//! Hides what Ansible prints in spite of `no_log`: since 2.19, a task's error message in clear, right before the result
//! that it censors. The message is held back until that result shows whether it may be recorded.
//!
//! The recorder knows the task, the supervisor does not. If both streams are one, the order is certain. If they are
//! separate, a censored result printed at about the same time as the error hides it.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use playback_wire::Stream;

/// Replacement text in the record; the recorder uses the same.
pub(crate) const PLACEHOLDER: &str =
    "[Playback left out what was printed here: the task has 'no_log: true']\n";

/// Ansible's text in place of a censored result; it continues with a quoted part in varying form.
const CENSORED: &str = "the output has been hidden due to the fact that";

/// How long an ambiguous text waits, and how far apart two streams may be, in microseconds.
const PATIENCE_US: i64 = 500_000;

/// Beginnings of lines that may reveal a censored result. Only the first certainly belongs to a result.
const BLOCKS: [&str; 7] = [
    "[ERROR]: Task failed",
    "[ERROR]: ",
    "[WARNING]: ",
    "[DEPRECATION WARNING]: ",
    "An exception occurred during task execution",
    "The full traceback is:",
    "Traceback (most recent call last):",
];

/// Texts that make a closer look necessary.
static TELLING: LazyLock<[Finder<'static>; 6]> = LazyLock::new(|| {
    let telling = [
        "[ERROR]: ",
        "WARNING]: ",
        "An exception",
        "The full",
        "Traceback (",
        CENSORED,
    ];
    telling.map(Finder::new)
});

/// Beginnings of lines that belong to something else.
const OTHERS: [&str; 11] = [
    "TASK [",
    "PLAY [",
    "PLAY RECAP",
    "RUNNING HANDLER [",
    "NO MORE HOSTS LEFT",
    "ok: [",
    "changed: [",
    "skipping: [",
    "included: ",
    "...ignoring",
    "FAILED - RETRYING: ",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// The beginning of a block; whether it is an error of a task.
    Block { is_error: bool },
    /// The beginning of a result that failed.
    Failure,
    /// The beginning of something else.
    Other,
    /// Any other line: it continues the previous one.
    More,
}

/// A block held back until its result.
#[derive(Debug)]
struct HeldBlock {
    stream: Stream,
    text: String,
    since_us: i64,
    /// It is a task's error: only a result releases it.
    is_error: bool,
    /// The part of its result seen so far.
    result: String,
    /// When its result, or something else, was printed on the other stream.
    other_us: Option<i64>,
}

/// Holds back output that may be secret.
#[derive(Debug, Default)]
pub(crate) struct Censor {
    held: Option<HeldBlock>,
    /// Unfinished lines that may become the beginning of a block.
    open: [String; 2],
    /// Whether each stream's last line was passed on unfinished.
    inside: [bool; 2],
    censored_us: Option<i64>,
}

impl Censor {
    /// Adds a text, and passes on what may be recorded.
    pub(crate) fn push(
        &mut self,
        stream: Stream,
        text: &str,
        now_us: i64,
        mut out: impl FnMut(Stream, &str),
    ) {
        let of = stream as usize;
        let quick = self.quick(of, text);
        let (passed, text) = text.split_at(quick);
        if !passed.is_empty() {
            self.inside[of] = !passed.ends_with('\n');
            out(stream, passed);
        }
        for piece in text.split_inclusive('\n') {
            let is_whole = piece.ends_with('\n');
            if std::mem::replace(&mut self.inside[of], !is_whole) {
                self.line(stream, piece, Line::More, now_us, &mut out);
                continue;
            }
            let mut line = std::mem::take(&mut self.open[of]);
            line.push_str(piece);
            if !is_whole && (self.is_holding(stream) || may_become_block(&line)) {
                self.open[of] = line;
                self.inside[of] = false;
                continue;
            }
            let kind = kind(&line);
            self.line(stream, &line, kind, now_us, &mut out);
        }
    }

    /// Length of the part that can be passed on unchanged: nearly always the whole text.
    fn quick(&self, of: usize, text: &str) -> usize {
        let waits = self.held.is_some() || !self.open[of].is_empty();
        if waits
            || TELLING
                .iter()
                .any(|telling| telling.find(text.as_bytes()).is_some())
        {
            return 0;
        }
        let last = memchr::memrchr(b'\n', text.as_bytes()).map_or(0, |at| at + 1);
        // If the last line begins here, it may still become anything.
        let begins = last > 0 || !self.inside[of];
        match begins && last < text.len() && may_become_block(&text[last..]) {
            true => last,
            false => text.len(),
        }
    }

    /// Passes on what has waited long enough; returns whether anything still waits.
    pub(crate) fn flush_due(&mut self, now_us: i64, mut out: impl FnMut(Stream, &str)) -> bool {
        self.release_due(now_us, &mut out);
        if self.held.is_none() {
            for stream in [Stream::Stdout, Stream::Stderr] {
                let line = std::mem::take(&mut self.open[stream as usize]);
                if !line.is_empty() {
                    // Probably a prompt.
                    self.inside[stream as usize] = true;
                    out(stream, &line);
                }
            }
        }
        self.held.is_some()
    }

    /// The output is complete. An error without a known result is hidden.
    pub(crate) fn finish(&mut self, mut out: impl FnMut(Stream, &str)) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let line = std::mem::take(&mut self.open[stream as usize]);
            if !line.is_empty() {
                let kind = kind(&line);
                self.line(stream, &line, kind, i64::MAX, &mut out);
            }
        }
        if let Some(held) = &self.held {
            let hides = held.is_error || self.is_censored_since(held.since_us);
            self.release(hides, &mut out);
        }
    }

    fn is_holding(&self, stream: Stream) -> bool {
        self.held.as_ref().is_some_and(|held| held.stream == stream)
    }

    fn line(
        &mut self,
        stream: Stream,
        line: &str,
        kind: Line,
        now_us: i64,
        out: &mut impl FnMut(Stream, &str),
    ) {
        let censored = line.contains(CENSORED);
        if censored {
            self.censored_us = Some(now_us);
        }
        let Some(held) = &mut self.held else {
            match kind {
                Line::Block { is_error } => {
                    self.held = Some(HeldBlock {
                        stream,
                        text: line.to_owned(),
                        since_us: now_us,
                        is_error,
                        result: String::new(),
                        other_us: None,
                    });
                }
                _ => out(stream, line),
            }
            return;
        };
        if held.stream != stream {
            if kind != Line::More {
                held.other_us.get_or_insert(now_us);
            }
            out(stream, line);
            self.release_due(now_us, out);
            return;
        }
        match kind {
            _ if censored => {
                held.result.push_str(line);
                self.release(true, out);
            }
            Line::Block { is_error } if held.result.is_empty() => {
                held.is_error |= is_error;
                held.text.push_str(line);
            }
            Line::Failure if held.result.is_empty() => {
                held.result.push_str(line);
                if !goes_on(line) {
                    self.release(false, out);
                }
            }
            Line::More if held.result.is_empty() => held.text.push_str(line),
            // A multi-line result: its values are indented.
            Line::More if line.starts_with([' ', '\t']) => held.result.push_str(line),
            _ => {
                // An error without any result: an unknown output format.
                let hides = held.is_error && held.result.is_empty();
                self.release(hides, out);
                self.line(stream, line, kind, now_us, out);
            }
        }
    }

    fn release_due(&mut self, now_us: i64, out: &mut impl FnMut(Stream, &str)) {
        let Some(held) = &self.held else { return };
        let waited = |since_us: i64| (now_us - since_us).abs() >= PATIENCE_US;
        if held.other_us.is_some_and(waited) {
            let hides = self.is_censored_since(held.since_us);
            self.release(hides, out);
        } else if !held.is_error && held.result.is_empty() && waited(held.since_us) {
            self.release(false, out);
        }
    }

    fn is_censored_since(&self, since_us: i64) -> bool {
        self.censored_us
            .is_some_and(|censored_us| censored_us >= since_us - PATIENCE_US)
    }

    fn release(&mut self, hides: bool, out: &mut impl FnMut(Stream, &str)) {
        let Some(held) = self.held.take() else { return };
        out(held.stream, if hides { PLACEHOLDER } else { &held.text });
        if !held.result.is_empty() {
            out(held.stream, &held.result);
        }
    }
}

/// A line without leading colour codes.
fn bare(line: &str) -> &str {
    let mut line = line;
    while let Some((_, rest)) = line
        .strip_prefix("\x1b[")
        .and_then(|rest| rest.split_once('m'))
    {
        line = rest;
    }
    line
}

fn kind(line: &str) -> Line {
    let line = bare(line);
    if let Some(at) = BLOCKS.iter().position(|block| line.starts_with(block)) {
        return Line::Block { is_error: at == 0 };
    }
    // `fatal: [host]: FAILED! => …`, `failed: [host] (item=…) => …`, and `host | FAILED! => …`.
    let by_host = line
        .split_once(" | ")
        .is_some_and(|(_, rest)| rest.starts_with("FAILED") || rest.starts_with("UNREACHABLE!"));
    if by_host || line.starts_with("fatal: [") || line.starts_with("failed: [") {
        return Line::Failure;
    }
    match OTHERS.iter().any(|other| line.starts_with(other)) {
        true => Line::Other,
        false => Line::More,
    }
}

/// Whether the line begins a result whose values are on the next lines.
fn goes_on(line: &str) -> bool {
    let line = line.trim_end();
    let line = line.strip_suffix("\x1b[0m").unwrap_or(line).trim_end();
    ["=>", "=> {", ">>"].iter().any(|end| line.ends_with(end))
}

/// Whether an unfinished line may become the beginning of a block.
fn may_become_block(line: &str) -> bool {
    let line = bare(line);
    // Colour codes may be incomplete, too.
    line.is_empty()
        || line.starts_with('\x1b')
        || BLOCKS
            .iter()
            .any(|block| block.starts_with(line) || line.starts_with(block))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ERROR: &str =
        "[ERROR]: Task failed: Action failed: S3CRET\nOrigin: /a.yml:3:7\n\n3   - fail:\n";
    const HIDDEN: &str = "fatal: [web1]: FAILED! => {\"censored\": \"the output has been hidden due to the fact \
        that 'no_log: true' was specified for this result\", \"changed\": false}\n";
    const SHOWN: &str = "fatal: [web1]: FAILED! => {\"changed\": false, \"msg\": \"S3CRET\"}\n";

    fn all(texts: &[(Stream, &str)]) -> String {
        let (mut censor, mut all) = (Censor::default(), String::new());
        for (at, (stream, text)) in (0..).zip(texts) {
            censor.push(*stream, text, at, |_, text| all.push_str(text));
        }
        censor.finish(|_, text| all.push_str(text));
        all
    }

    fn of_stdout(text: &str) -> String {
        all(&[(Stream::Stdout, text)])
    }

    #[test]
    fn an_error_goes_by_its_result() {
        let hidden = format!("TASK [a] ***\n{ERROR}{HIDDEN}\nPLAY RECAP ***\n");
        let expected = format!("TASK [a] ***\n{PLACEHOLDER}{HIDDEN}\nPLAY RECAP ***\n");
        assert_eq!(of_stdout(&hidden), expected);
        let shown = hidden.replace(HIDDEN, SHOWN);
        assert_eq!(of_stdout(&shown), shown);
        let both = format!("{ERROR}{SHOWN}...ignoring\n{ERROR}{HIDDEN}{ERROR}{SHOWN}");
        let expected = format!("{ERROR}{SHOWN}...ignoring\n{PLACEHOLDER}{HIDDEN}{ERROR}{SHOWN}");
        assert_eq!(of_stdout(&both), expected);
        // In colour, and over several lines.
        let yaml = format!(
            "\x1b[0;31m{ERROR}\x1b[0m\x1b[0;31mfatal: [web1]: FAILED! => \x1b[0m\n\x1b[0;31m    censored: {CENSORED}\x1b[0m\n"
        );
        assert!(!of_stdout(&yaml).contains("S3CRET"), "{}", of_stdout(&yaml));
        let minimal = format!("{ERROR}web1 | FAILED! => {{\n    \"changed\": false\n}}\n");
        assert_eq!(of_stdout(&minimal), minimal);
    }

    #[test]
    fn an_error_whose_result_is_not_seen_is_hidden() {
        assert_eq!(of_stdout(ERROR), PLACEHOLDER);
        let other = format!("{ERROR}TASK [b] ***\n");
        assert_eq!(of_stdout(&other), format!("{PLACEHOLDER}TASK [b] ***\n"));
    }

    #[test]
    fn streams_that_are_apart_go_by_time() {
        let apart = [(Stream::Stderr, ERROR), (Stream::Stdout, HIDDEN)];
        assert_eq!(all(&apart), format!("{HIDDEN}{PLACEHOLDER}"));
        let apart = [(Stream::Stdout, HIDDEN), (Stream::Stderr, ERROR)];
        assert_eq!(all(&apart), format!("{HIDDEN}{PLACEHOLDER}"));
        let mut censor = Censor::default();
        let mut seen = String::new();
        censor.push(Stream::Stderr, ERROR, 0, |_, text| seen.push_str(text));
        censor.push(Stream::Stdout, SHOWN, 1, |_, text| seen.push_str(text));
        assert!(!censor.flush_due(1 + PATIENCE_US, |_, text| seen.push_str(text)));
        assert_eq!(seen, format!("{SHOWN}{ERROR}"));
    }

    #[test]
    fn a_prompt_and_a_warning_do_not_wait_long() {
        let (mut censor, mut seen) = (Censor::default(), String::new());
        censor.push(Stream::Stdout, "Password: ", 0, |_, text| {
            seen.push_str(text);
        });
        assert_eq!(seen, "Password: ");
        censor.push(Stream::Stdout, "\n[WARNING]: old\n", 0, |_, text| {
            seen.push_str(text);
        });
        assert!(censor.flush_due(1, |_, text| seen.push_str(text)));
        assert!(!censor.flush_due(PATIENCE_US, |_, text| seen.push_str(text)));
        assert_eq!(seen, "Password: \n[WARNING]: old\n");
    }

    proptest! {
        #[test]
        fn where_text_is_cut_changes_nothing(cuts in proptest::collection::vec(0_usize..400, 0..6)) {
            let text = format!("TASK [a] ***\n{ERROR}{HIDDEN}\n[WARNING]: w\n{ERROR}{SHOWN}ok: [b]\nlast");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let (mut pieces, mut from) = (Vec::new(), 0);
            for cut in cuts {
                pieces.push((Stream::Stdout, &text[from..cut]));
                from = cut;
            }
            pieces.push((Stream::Stdout, &text[from..]));
            prop_assert_eq!(all(&pieces), of_stdout(&text));
        }
    }
}
