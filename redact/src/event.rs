//! Redacts an event's JSON line. Everything that is not redacted stays unchanged, byte for byte.
//!
//! Whatever identifies an event stays: numbers, times, names of hosts, fixed words. Values are redacted by their keys
//! in what modules returned, in facts and in arguments; texts are searched everywhere else too. `output` is handled by
//! [`crate::Printed`], because a line may span several events.

use crate::HIDDEN;
use crate::rules::{Counts, Rules};

/// Fields of an event's data that are never redacted: identities and fixed words.
const KEPT: &[&str] = &[
    "delegated_to",
    "host",
    "hosts",
    "imported",
    "instance",
    "job",
    "left_out",
    "reason",
    "replay_of",
    "parent",
    "schedule",
    "state",
    "status",
    "strategy",
    "stream",
    "traceparent",
    "type",
];

/// Fields with data from modules and users, in which values are redacted by their keys at any depth.
const FOREIGN: &[&str] = &["args", "content", "facts"];

/// Maximum nesting that is searched; anything deeper is redacted whole.
const MAX_DEPTH: usize = 200;

/// The line is not a JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an event")]
pub struct Malformed;

/// How a value is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Keep,
    Texts,
    Keys,
    /// A command line: the value of an option with a key's name is the next word.
    Words,
}

/// Appends an event's line, which may end in a newline, to `out`, redacted.
///
/// # Errors
/// The line is not a JSON object; then `out` holds part of it.
pub fn redact_event(
    line: &[u8],
    rules: &Rules,
    counts: &mut Counts,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let mut walk = Walk {
        line,
        at: 0,
        rules,
        counts,
        out,
        depth: 0,
    };
    walk.event()?;
    walk.out.extend_from_slice(&line[walk.at..]);
    Ok(())
}

struct Walk<'w> {
    line: &'w [u8],
    at: usize,
    rules: &'w Rules,
    counts: &'w mut Counts,
    out: &'w mut Vec<u8>,
    depth: usize,
}

impl<'w> Walk<'w> {
    fn event(&mut self) -> Result<(), Malformed> {
        let mut printed = false;
        self.members(|walk, key| match key {
            b"kind" => {
                printed = walk.rest().starts_with(b"\"output\"");
                walk.value(Mode::Keep)
            }
            b"data" if printed => walk.value(Mode::Keep),
            b"data" if walk.peek() == Some(b'{') => walk.data(),
            b"data" => walk.value(Mode::Texts),
            _ => walk.value(Mode::Keep),
        })
    }

    fn data(&mut self) -> Result<(), Malformed> {
        self.members(|walk, key| {
            let name = std::str::from_utf8(key).unwrap_or_default();
            walk.value(match name {
                "argv" => Mode::Words,
                name if KEPT.contains(&name) => Mode::Keep,
                name if FOREIGN.contains(&name) => Mode::Keys,
                _ => Mode::Texts,
            })
        })
    }

    fn rest(&self) -> &'w [u8] {
        &self.line[self.at..]
    }

    /// The next byte that is not a space; spaces are copied.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.line.get(self.at) {
            self.copy(1);
        }
        self.line.get(self.at).copied()
    }

    fn copy(&mut self, bytes: usize) {
        self.out
            .extend_from_slice(&self.line[self.at..self.at + bytes]);
        self.at += bytes;
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed);
        }
        self.copy(1);
        Ok(())
    }

    /// The next string, with its quotes.
    fn string(&mut self) -> Result<&'w [u8], Malformed> {
        if self.peek() != Some(b'"') {
            return Err(Malformed);
        }
        let rest = self.rest();
        let mut at = 1;
        loop {
            match rest.get(at) {
                Some(b'\\') => at += 2,
                Some(b'"') => break,
                Some(_) => at += 1,
                None => return Err(Malformed),
            }
        }
        self.at += at + 1;
        Ok(&rest[..=at])
    }

    /// An object whose values are written by `each`; its keys are unchanged.
    fn members(
        &mut self,
        mut each: impl FnMut(&mut Self, &[u8]) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'{')?;
        if self.peek() == Some(b'}') {
            self.copy(1);
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.out.extend_from_slice(key);
            self.expect(b':')?;
            self.peek();
            each(self, &key[1..key.len() - 1])?;
            if self.peek() == Some(b'}') {
                self.copy(1);
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn value(&mut self, mode: Mode) -> Result<(), Malformed> {
        match self.peek().ok_or(Malformed)? {
            b'{' | b'[' if mode == Mode::Keep => {
                let from = self.at;
                self.skip()?;
                self.out.extend_from_slice(&self.line[from..self.at]);
                Ok(())
            }
            b'{' | b'[' if self.depth >= MAX_DEPTH => {
                self.skip()?;
                self.hide();
                Ok(())
            }
            b'{' => {
                self.depth += 1;
                let done = self.object(mode);
                self.depth -= 1;
                done
            }
            b'[' => {
                self.depth += 1;
                let done = self.array(mode);
                self.depth -= 1;
                done
            }
            b'"' => {
                let quoted = self.string()?;
                match mode {
                    Mode::Keep => self.out.extend_from_slice(quoted),
                    Mode::Texts | Mode::Keys | Mode::Words => {
                        self.text(quoted);
                    }
                }
                Ok(())
            }
            _ => {
                let from = self.at;
                self.skip()?;
                self.out.extend_from_slice(&self.line[from..self.at]);
                Ok(())
            }
        }
    }

    fn object(&mut self, mode: Mode) -> Result<(), Malformed> {
        self.expect(b'{')?;
        if self.peek() == Some(b'}') {
            self.copy(1);
            return Ok(());
        }
        loop {
            let key = self.string()?;
            let name = self.text(key);
            self.expect(b':')?;
            self.peek();
            if mode == Mode::Keys && name.is_none_or(|name| self.rules.hides(&name)) {
                let from = self.at;
                self.skip()?;
                if &self.line[from..self.at] == b"\"***\"" {
                    self.out.extend_from_slice(b"\"***\"");
                } else {
                    self.hide();
                }
            } else {
                self.value(mode)?;
            }
            if self.peek() == Some(b'}') {
                self.copy(1);
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, mode: Mode) -> Result<(), Malformed> {
        self.expect(b'[')?;
        if self.peek() == Some(b']') {
            self.copy(1);
            return Ok(());
        }
        let mut names_next = false;
        loop {
            if mode == Mode::Words && self.peek() == Some(b'"') {
                let quoted = self.string()?;
                let hides = names_next && quoted != b"\"***\"";
                names_next = false;
                if hides {
                    self.hide();
                } else if let Some(word) = self.text(quoted) {
                    let name = word.trim_start_matches('-');
                    names_next = name.len() < word.len() && self.rules.hides(name);
                }
            } else {
                self.value(mode)?;
            }
            if self.peek() == Some(b']') {
                self.copy(1);
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn hide(&mut self) {
        self.counts.values += 1;
        self.out.push(b'"');
        self.out.extend_from_slice(HIDDEN.as_bytes());
        self.out.push(b'"');
    }

    /// Writes a string, redacted, and returns its original text.
    fn text(&mut self, quoted: &[u8]) -> Option<String> {
        let Ok(said) = serde_json::from_slice::<String>(quoted) else {
            // An unpaired surrogate cannot be decoded, and so not searched.
            self.hide();
            return None;
        };
        let hidden = self.rules.text(&said);
        if let std::borrow::Cow::Owned(hidden) = &hidden {
            self.counts.values += 1;
            // Writing to a Vec cannot fail.
            let _ = serde_json::to_writer(&mut *self.out, hidden);
        } else {
            self.out.extend_from_slice(quoted);
        }
        drop(hidden);
        Some(said)
    }

    /// Skips a value, however deep it is.
    fn skip(&mut self) -> Result<(), Malformed> {
        let mut open = 0_usize;
        loop {
            match self.line.get(self.at).ok_or(Malformed)? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    open = open.checked_sub(1).ok_or(Malformed)?;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let word = self
                        .rest()
                        .iter()
                        .take_while(|byte| !b",:{}[]\" \t\r\n".contains(byte))
                        .count();
                    self.at += word;
                }
            }
            if open == 0 {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn rules() -> Rules {
        let none: [&str; 0] = [];
        Rules::new(&["*password*", "pin"], &["hunter[0-9]+"], &none).unwrap()
    }

    fn redacted(event: &Value, rules: &Rules) -> (Value, Counts) {
        let mut line = event.to_string().into_bytes();
        line.push(b'\n');
        let (mut out, mut counts) = (Vec::new(), Counts::default());
        redact_event(&line, rules, &mut counts, &mut out).unwrap();
        assert_eq!(out.last(), Some(&b'\n'));
        (serde_json::from_slice(&out).unwrap(), counts)
    }

    #[test]
    fn keys_and_patterns_are_hidden_at_any_depth() {
        let event = |content: Value, name: &str| {
            json!({"seq": 1, "at": 2, "kind": "result", "data": {
                "task": 1, "host": "hunter2", "status": "ok", "name": name, "content": content,
            }})
        };
        let content = json!({
            "a": [{"db_password": {"x": 1}, "b": "is hunter2!", "n": 1.50, "pin": 1}],
            "diff": {"before": "password=a\nb", "after": "password=\"c\""}, "hunter3": "pin",
        });
        let expected = json!({
            "a": [{"db_password": "***", "b": "is ***!", "n": 1.5, "pin": "***"}],
            "diff": {"before": "password=***\nb", "after": "password=\"***\""}, "***": "pin",
        });
        let (found, counts) = redacted(&event(content, "say hunter2"), &rules());
        assert_eq!(found, event(expected.clone(), "say ***"));
        assert_eq!(counts.values, 7);
        let again = redacted(&found, &rules());
        assert_eq!(again, (found, Counts::default()));
    }

    #[test]
    fn what_an_event_is_stays() {
        let event = json!({"seq": 1, "at": 2, "kind": "execution_started", "data": {
            "type": "playbook", "instance": "hunter2", "argv": ["ap", "--db-password", "x", "y"],
            "git": {"commit": "pin", "password": "z"}, "note": "hunter2",
        }});
        let (found, _) = redacted(&event, &rules());
        assert_eq!(
            found["data"]["argv"],
            json!(["ap", "--db-password", "***", "y"])
        );
        assert_eq!(found["data"]["git"], event["data"]["git"]);
        assert_eq!(found["data"]["instance"], "hunter2");
        assert_eq!(found["data"]["note"], "***");
        let printed = json!({"seq": 1, "at": 2, "kind": "output", "data": {"text": "hunter2"}});
        assert_eq!(redacted(&printed, &rules()).0, printed);
    }

    #[test]
    fn what_is_too_deep_is_hidden_and_what_is_no_json_is_refused() {
        let deep = format!(
            "{{\"seq\":1,\"kind\":\"x\",\"data\":{{\"content\":{}\"hunter2\"{}}}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let (mut out, mut counts) = (Vec::new(), Counts::default());
        redact_event(deep.as_bytes(), &rules(), &mut counts, &mut out).unwrap();
        assert!(!String::from_utf8(out).unwrap().contains("hunter"));
        for wrong in [
            "",
            "[]",
            "{\"data\":",
            "{\"data\":{\"a\":\"b}}",
            "{\"data\":{\"a\" 1}}",
        ] {
            let done = redact_event(wrong.as_bytes(), &rules(), &mut counts, &mut Vec::new());
            assert_eq!(done, Err(Malformed), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn without_a_match_every_byte_stays(text in any::<String>(), number in any::<f64>()) {
            let none: [&str; 0] = [];
            let rules = Rules::new(&none, &["\u{1}never\u{1}"], &none).unwrap();
            let line = json!({"seq": 1, "kind": "x", "data": {"content": {&text: [text, number]}}});
            let line = line.to_string();
            let (mut out, mut counts) = (Vec::new(), Counts::default());
            redact_event(line.as_bytes(), &rules, &mut counts, &mut out).unwrap();
            prop_assert_eq!(String::from_utf8(out).unwrap(), line);
        }

        #[test]
        fn no_text_is_a_fault_and_hiding_comes_to_an_end(text in any::<String>(), key in "[a-z:= \"'\\\\{}\n|-]{0,40}") {
            let all = format!("{key}password{key}: {text}{key}");
            let once = rules().text(&all).into_owned();
            let twice = rules().text(&once).into_owned();
            prop_assert_eq!(rules().text(&twice).into_owned(), twice);
            prop_assert_eq!(all.matches('\n').count() >= once.matches('\n').count(), true);
        }
    }
}
