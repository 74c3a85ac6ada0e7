//! The significant part of what a module returned: its message, or its program's output where Ansible's message is a
//! fixed phrase.

use serde_json::Value;

/// All fields in which modules report a failure, in the order in which they are shown.
pub const REPORTED: &[&str] = &[
    "msg",
    "reason",
    "rc",
    "cmd",
    "stdout",
    "stderr",
    "module_stdout",
    "module_stderr",
    "exception",
];

/// Fields that hold a program's own output, the most telling first.
const PRINTED: &[&str] = &["stderr", "stdout", "module_stderr", "module_stdout"];

/// Beginnings of messages that say only that something failed.
const PHRASES: &[&str] = &[
    "non-zero return code",
    // The same since ansible-core 2.20.
    "The command exited with a non-zero return code",
    "MODULE FAILURE",
    "One or more items failed",
    "All items completed",
    "Assertion failed",
    "Failed as requested from task",
];

/// The prefix of messages since ansible-core 2.19: without it, messages are the same on all versions.
const PREFIXES: &[&str] = &["Task failed: ", "Module failed: "];

/// Lines of a program's output that make a message: the last ones say how it ended.
const LINES: usize = 3;

/// Lines of a program's output that are kept beside the message.
const PRINTED_LINES: usize = 10;

/// Maximum size of a message, in bytes: modules may put whole listings into theirs.
const TEXT_BYTES: usize = 4096;

/// The message of a failed result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What went wrong: one or a few lines; never empty.
    pub text: String,
    /// Whether the text says nothing about the cause, only that something failed.
    pub is_bare: bool,
    /// Exit code of the program that the module ran.
    pub rc: Option<i64>,
    /// The last lines that it printed to standard error, where they say more than the text.
    pub stderr: Option<String>,
    /// The last lines that it printed to standard output, where the module's own message says nothing and they say more
    /// than the text.
    pub stdout: Option<String>,
}

/// The message of what a module returned.
#[must_use]
pub fn message(content: &Value) -> Message {
    let said = ["msg", "reason"]
        .iter()
        .find_map(|name| text_of(&content[*name]));
    let said = said.map(|text| cut(without_prefixes(&text)));
    let rc = content["rc"].as_i64();
    let is_phrase = said.as_deref().is_none_or(is_phrase);
    let (text, is_bare) = match &said {
        Some(said) if !is_phrase => (said.clone(), false),
        _ => match cause(content) {
            Some(cause) => (cause, false),
            None => (bare(said.as_deref(), rc), true),
        },
    };
    let printed = |name: &str| {
        let lines = last_lines(content[name].as_str()?, PRINTED_LINES)?;
        (!text.contains(&lines)).then_some(lines)
    };
    Message {
        stderr: printed("stderr").or_else(|| printed("module_stderr").filter(|_| is_phrase)),
        stdout: match is_phrase {
            true => printed("stdout").or_else(|| printed("module_stdout")),
            false => None,
        },
        text,
        is_bare,
        rc,
    }
}

/// The most telling fields: for a failed program its output rather than the fact that it failed.
#[must_use]
pub fn telling(content: &Value) -> Vec<&'static str> {
    let said = |name: &&str| text_of(&content[*name]).is_some();
    let msg = content["msg"].as_str().unwrap_or_default();
    let printed: Vec<&'static str> = PRINTED.iter().copied().filter(said).collect();
    match is_phrase(msg) {
        true if !printed.is_empty() => ["rc"].into_iter().chain(printed).collect(),
        true if said(&"rc") => vec!["msg", "rc"],
        _ => {
            let mut names = vec!["msg", "reason"];
            // A module's message may leave out the error output of the program that it ran.
            let stderr = text_of(&content["stderr"]).unwrap_or_default();
            if !stderr.trim().is_empty() && !msg.contains(stderr.trim()) {
                names.push("stderr");
            }
            names
        }
    }
}

/// The name of a loop item, as Ansible labels it.
#[must_use]
pub fn item_label(content: &Value) -> Option<String> {
    let variable = content["ansible_loop_var"].as_str().unwrap_or("item");
    let names = ["_ansible_item_label", variable, "item"];
    names.iter().find_map(|name| text_of(&content[*name]))
}

/// A value as text, if it is not empty.
#[must_use]
pub fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    (!text.trim().is_empty()).then_some(text)
}

fn is_phrase(msg: &str) -> bool {
    let msg = without_prefixes(msg);
    msg == "Task failed." || PHRASES.iter().any(|phrase| msg.starts_with(phrase))
}

fn without_prefixes(msg: &str) -> &str {
    PREFIXES.iter().fold(msg.trim(), |msg, prefix| {
        msg.strip_prefix(prefix).unwrap_or(msg)
    })
}

/// The cause, where the module's own message does not tell it.
fn cause(content: &Value) -> Option<String> {
    if let Some(assertion) = text_of(&content["assertion"]) {
        return Some(cut(&format!("Assertion failed: {assertion}")));
    }
    let mut printed = PRINTED.iter();
    let printed = printed.find_map(|name| last_lines(content[*name].as_str()?, LINES));
    printed.or_else(|| {
        // ansible-core 2.19 puts this in place of a traceback that it does not show.
        let exception = content["exception"].as_str();
        let exception = exception.filter(|text| !text.contains("(traceback unavailable)"))?;
        last_lines(exception, 1)
    })
}

/// The text of a result that tells no cause.
fn bare(phrase: Option<&str>, rc: Option<i64>) -> String {
    match (phrase, rc) {
        (_, Some(rc)) => format!("exit code {rc}; nothing was printed"),
        (Some(phrase), None) => phrase.to_owned(),
        (None, None) => "no message".to_owned(),
    }
}

/// The last lines that are not empty, without colours; none if there are none.
fn last_lines(text: &str, count: usize) -> Option<String> {
    let text = super::normalize::without_escapes(text);
    let lines = text.lines().map(str::trim_end);
    let mut last: Vec<&str> = lines
        .rev()
        .filter(|line| !line.is_empty())
        .take(count)
        .collect();
    last.reverse();
    (!last.is_empty()).then(|| cut(&last.join("\n")))
}

/// The text's beginning, up to the maximum size.
fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failed(more: &Value) -> Value {
        let mut content = json!({ "msg": "non-zero return code", "rc": 2 });
        content
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        content
    }

    #[test]
    fn a_program_that_failed_is_quoted() {
        let telling = |more: Value| telling(&failed(&more));
        assert_eq!(
            telling(json!({ "stderr": "no such file", "stdout": "begun" })),
            ["rc", "stderr", "stdout"]
        );
        assert_eq!(
            telling(json!({ "stderr": "", "stdout": "x" })),
            ["rc", "stdout"]
        );
        assert_eq!(telling(json!({})), ["msg", "rc"]);
        let own = json!({ "msg": "cannot clone: no route", "stderr": "no route\n" });
        assert_eq!(super::telling(&own), ["msg", "reason"]);
        let own = json!({ "msg": "cannot clone", "stderr": "no route\n" });
        assert_eq!(super::telling(&own), ["msg", "reason", "stderr"]);
    }

    #[test]
    fn the_message_is_the_modules_own_unless_it_is_a_phrase() {
        for (content, text) in [
            (json!({ "msg": "no space" }), "no space"),
            (json!({ "reason": "no such host" }), "no such host"),
            (
                json!({ "msg": "Task failed: Module failed: no space" }),
                "no space",
            ),
            (
                json!({ "msg": "The command exited with a non-zero return code.", "stderr": "no" }),
                "no",
            ),
            (json!({ "msg": ["a", "b"] }), r#"["a","b"]"#),
            (
                failed(&json!({ "stderr": "begun\n\nno space\n" })),
                "begun\nno space",
            ),
            (
                failed(&json!({ "stderr": " \n", "stdout": "1\n2\n3\n4" })),
                "2\n3\n4",
            ),
            (
                failed(&json!({ "stderr": "\u{1b}[31mred\u{1b}[0m" })),
                "red",
            ),
            (failed(&json!({})), "exit code 2; nothing was printed"),
            (
                json!({ "msg": "MODULE FAILURE\nSee stdout/stderr", "module_stderr": "KeyError: 'x'\n" }),
                "KeyError: 'x'",
            ),
            (
                json!({ "msg": "MODULE FAILURE", "exception": "Traceback\n  line 1\nKeyError: 'x'\n" }),
                "KeyError: 'x'",
            ),
            (
                failed(&json!({ "exception": "(traceback unavailable)" })),
                "exit code 2; nothing was printed",
            ),
            (
                json!({ "msg": "Assertion failed", "assertion": "disk > 5", "evaluated_to": false }),
                "Assertion failed: disk > 5",
            ),
            (
                json!({ "msg": "One or more items failed" }),
                "One or more items failed",
            ),
            (json!({}), "no message"),
            (json!("text"), "no message"),
        ] {
            assert_eq!(message(&content).text, text, "{content}");
        }
    }

    #[test]
    fn what_the_text_leaves_out_stands_beside_it() {
        let of = |content: Value| {
            let message = message(&content);
            (message.stderr, message.stdout)
        };
        assert_eq!(of(failed(&json!({ "stderr": "one line" }))), (None, None));
        let long = of(failed(
            &json!({ "stderr": "1\n2\n3\n4", "stdout": "begun" }),
        ));
        assert_eq!(long, (Some("1\n2\n3\n4".into()), Some("begun".into())));
        let own = json!({ "msg": "cannot clone", "stderr": "no route\n", "stdout": "begun" });
        assert_eq!(of(own), (Some("no route".into()), None));
        let own = json!({ "msg": "cannot clone: no route", "stderr": "no route\n" });
        assert_eq!(of(own), (None, None));
    }

    #[test]
    fn a_message_is_bounded() {
        let content = json!({ "msg": "ä".repeat(TEXT_BYTES) });
        assert!(message(&content).text.len() <= TEXT_BYTES);
    }

    #[test]
    fn an_item_is_named_by_its_label() {
        let content = json!({ "ansible_loop_var": "user", "user": "ann", "item": "b" });
        assert_eq!(item_label(&content).as_deref(), Some("ann"));
        let content = json!({ "_ansible_item_label": { "name": "x" }, "item": "b" });
        assert_eq!(item_label(&content).as_deref(), Some(r#"{"name":"x"}"#));
        assert_eq!(item_label(&json!({})), None);
    }
}
