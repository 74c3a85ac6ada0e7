//! The content of a result, as the recorder keeps it: without what is recorded elsewhere, and nothing of what Ansible
//! censored.

use playback_wire::{DEFAULT_MAX_EVENT_BYTES, ResultStatus};
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::NotTranslated;
use super::fields::{Fields, compact};

/// Fields that are kept of a censored result.
const UNCENSORED: [&str; 4] = ["censored", "changed", "attempts", "retries"];

/// The field that lists what was cut, as the recorder names it.
const CUT: &str = "playback_cut";

/// Maximum bytes of what a result returned, and of a text in it if it has more.
const CONTENT: usize = DEFAULT_MAX_EVENT_BYTES;
const TEXT: usize = 64 << 10;

/// Maximum nesting that is kept, like the recorder's.
const DEEPEST: usize = 64;

/// The content of a result or a loop item.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// What is recorded: a JSON object.
    pub(super) kept: Option<Box<RawValue>>,
    /// Facts that it brought: a JSON object.
    pub(super) facts: Option<Box<RawValue>>,
    /// The items of a loop; they have neither items nor a host of their own.
    pub(super) items: Vec<Content>,
    /// Whether Ansible censored it.
    pub(super) censored: bool,
    /// Whether it says that something was changed.
    pub(super) changed: bool,
    /// How it ended, as far as it says so.
    pub(super) status: Option<ResultStatus>,
    /// How often it was tried.
    pub(super) attempts: Option<u32>,
    /// The action that ran, if it says so.
    pub(super) action: Option<String>,
    /// The host that it was delegated to.
    pub(super) delegate: Option<String>,
    /// Whether it was delegated to a host of which only the address is recorded, by older versions of ansible-core.
    pub(super) is_delegate_unnamed: bool,
}

/// How to read contents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// Whether differences are kept: without `--diff`, the recorder leaves them out.
    pub(super) diff: bool,
}

impl Reading {
    /// Reads what a result returned.
    ///
    /// # Errors
    /// It is no JSON object.
    pub(super) fn read(self, text: &str) -> Result<Content, NotTranslated> {
        let fields: Fields<'_> = serde_json::from_str(text)?;
        self.content(&fields)
    }

    fn content(self, fields: &Fields<'_>) -> Result<Content, NotTranslated> {
        let delegated: Option<Fields<'_>> = fields.read("_ansible_delegated_vars");
        let delegate = delegated
            .as_ref()
            .and_then(|vars| vars.read("ansible_delegated_host"));
        let mut content = Content {
            is_delegate_unnamed: delegated.is_some_and(|vars| !vars.0.is_empty())
                && delegate.is_none(),
            delegate,
            censored: fields.get("censored").is_some() || fields.is_true("_ansible_no_log"),
            changed: fields.is_true("changed"),
            status: status(fields),
            attempts: fields.read("attempts"),
            action: fields.read("action"),
            ..Content::default()
        };
        let items = loop_items(fields);
        for item in items.iter().flatten() {
            content.items.push(self.content(item)?);
        }
        if !content.censored {
            let facts = fields.read::<Fields<'_>>("ansible_facts");
            if facts.is_some_and(|facts| !facts.0.is_empty())
                && let Some(facts) = fields.get("ansible_facts")
            {
                content.facts = Some(bounded(facts)?);
            }
        }
        let is_kept = |name: &str, value: &str| match name {
            _ if content.censored => UNCENSORED.contains(&name),
            "results" => items.is_none(),
            "ansible_facts" | "invocation" | "action" => false,
            "stdout_lines" => fields.get("stdout").is_none(),
            "stderr_lines" => fields.get("stderr").is_none(),
            "diff" => self.diff,
            "exception" => !value.starts_with("\"(traceback unavailable)"),
            name => !name.starts_with("_ansible_"),
        };
        let kept = fields.0.iter();
        let kept: Vec<_> = kept
            .filter(|(name, value)| is_kept(name, value.get()))
            .map(|(name, value)| (name.as_str(), compact(value.get())))
            .collect();
        content.kept = Some(object(kept)?);
        Ok(content)
    }
}

/// How a result ended, as far as it says so itself. Since 2.19, skipped loop items only give their reason, and failed
/// ones have an exception.
fn status(fields: &Fields<'_>) -> Option<ResultStatus> {
    let has = |name: &str| fields.get(name).is_some();
    if fields.is_true("unreachable") {
        Some(ResultStatus::Unreachable)
    } else if fields.is_true("failed") {
        Some(ResultStatus::Failed)
    } else if fields.is_true("skipped") {
        Some(ResultStatus::Skipped)
    } else if fields.get("failed") == Some("false") {
        Some(ResultStatus::Ok)
    } else if has("skip_reason") || has("false_condition") {
        Some(ResultStatus::Skipped)
    } else if has("exception") {
        Some(ResultStatus::Failed)
    } else {
        None
    }
}

/// The results of a loop's items. Some modules return `results` of their own.
fn loop_items<'a>(fields: &Fields<'a>) -> Option<Vec<Fields<'a>>> {
    let items: Vec<Fields<'a>> = fields.read("results")?;
    let is_item = |item: &Fields<'_>| {
        let mark = [
            "ansible_loop_var",
            "_ansible_item_label",
            "_ansible_item_result",
        ];
        mark.iter().any(|name| item.get(name).is_some())
    };
    // Censored items only say that they are.
    let is_censored = |item: &Fields<'_>| item.get("censored").is_some();
    let is_loop = !items.is_empty() && items.iter().all(|item| is_item(item) || is_censored(item));
    is_loop.then_some(items)
}

/// A JSON object of these fields, each with how deeply it is nested; cut visibly if it is too large.
fn object(mut fields: Vec<(&str, (String, usize))>) -> Result<Box<RawValue>, NotTranslated> {
    let mut cuts = Vec::new();
    let mut total: usize = fields.iter().map(|(_, (value, _))| value.len()).sum();
    for (name, (value, depth)) in &mut fields {
        let is_long = total > CONTENT && value.len() > TEXT;
        if !is_long && *depth <= DEEPEST {
            continue;
        }
        total -= value.len();
        cuts.push(json!({ "path": name, "bytes": value.len(), "sha256": sha256(value) }));
        *value = match serde_json::from_str::<String>(value) {
            Ok(text) => serde_json::to_string(&middle_out(&text))?,
            Err(_) => "null".to_owned(),
        };
        total += value.len();
    }
    let mut text = String::with_capacity(total + 64);
    text.push('{');
    for (name, (value, _)) in &fields {
        if text.len() + value.len() > 2 * CONTENT {
            // Hundreds of thousands of small fields.
            cuts.push(json!({ "path": "", "entries": fields.len() }));
            break;
        }
        push(&mut text, name, value)?;
    }
    if !cuts.is_empty() {
        push(&mut text, CUT, &serde_json::to_string(&cuts)?)?;
    }
    text.push('}');
    Ok(RawValue::from_string(text)?)
}

fn push(text: &mut String, name: &str, value: &str) -> Result<(), NotTranslated> {
    if text.len() > 1 {
        text.push(',');
    }
    text.push_str(&serde_json::to_string(name)?);
    text.push(':');
    text.push_str(value);
    Ok(())
}

/// Facts, cut visibly if they are too large.
fn bounded(facts: &str) -> Result<Box<RawValue>, NotTranslated> {
    let fields: Fields<'_> = serde_json::from_str(facts)?;
    let fields = fields.0.iter();
    object(
        fields
            .map(|(name, value)| (name.as_str(), compact(value.get())))
            .collect(),
    )
}

/// The beginning and the end of a text.
fn middle_out(text: &str) -> String {
    if text.len() <= TEXT {
        return text.to_owned();
    }
    let half = TEXT / 2;
    let begin = (0..=half).rev().find(|at| text.is_char_boundary(*at));
    let end = (text.len() - half..text.len()).find(|at| text.is_char_boundary(*at));
    let (begin, end) = (begin.unwrap_or(0), end.unwrap_or(text.len()));
    format!("{}…{}", &text[..begin], &text[end..])
}

fn sha256(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Content {
        Reading { diff: false }.read(text).unwrap()
    }

    fn kept(text: &str) -> String {
        read(text).kept.unwrap().get().to_owned()
    }

    #[test]
    fn what_is_recorded_elsewhere_is_left_out() {
        for (text, expected) in [
            (
                r#"{"changed": true, "rc": 1.50, "stdout": "a", "stdout_lines": ["a"], "stderr_lines": ["b"], "diff": {}}"#,
                r#"{"changed":true,"rc":1.50,"stdout":"a","stderr_lines":["b"]}"#,
            ),
            (
                r#"{"invocation": {"module_args": {"password": "x"}}, "_ansible_verbose_always": true, "action": "ping", "ansible_facts": {"a": 1}, "ping": "pong"}"#,
                r#"{"ping":"pong"}"#,
            ),
            (
                r#"{"exception": "(traceback unavailable)", "msg": "x"}"#,
                r#"{"msg":"x"}"#,
            ),
            // A package module's own list is no loop.
            (r#"{"results": ["a", "b"]}"#, r#"{"results":["a","b"]}"#),
            (r#"{"results": [{"a": 1}]}"#, r#"{"results":[{"a":1}]}"#),
            (r#"{"results": []}"#, r#"{"results":[]}"#),
        ] {
            assert_eq!(kept(text), expected);
        }
        let facts = read(r#"{"ansible_facts": {"a": [1]}}"#).facts.unwrap();
        assert_eq!(facts.get(), r#"{"a":[1]}"#);
        assert!(read(r#"{"ansible_facts": {}}"#).facts.is_none());
    }

    #[test]
    fn nothing_of_a_censored_result_is_kept() {
        for text in [
            r#"{"censored": "hidden", "changed": true, "msg": "secret", "ansible_facts": {"a": "secret"}}"#,
            r#"{"_ansible_no_log": true, "changed": true, "stdout": "secret"}"#,
            r#"{"changed": true, "results": [{"censored": "hidden", "item": "secret", "changed": true}]}"#,
        ] {
            let content = read(text);
            let all = format!("{content:?}");
            assert!(!all.contains("secret"), "{all}");
            assert!(content.changed);
        }
    }

    #[test]
    fn the_items_of_a_loop_are_apart() {
        let content = read(
            r#"{"changed": true, "msg": "x", "results": [
                {"ansible_loop_var": "item", "item": "a", "failed": false, "changed": true, "rc": 0},
                {"ansible_loop_var": "item", "item": "b", "exception": "(traceback unavailable)", "attempts": 3},
                {"_ansible_item_label": "c", "item": "c", "skip_reason": "x"}]}"#,
        );
        assert_eq!(content.kept.unwrap().get(), r#"{"changed":true,"msg":"x"}"#);
        let statuses: Vec<_> = content.items.iter().map(|item| item.status).collect();
        assert_eq!(
            statuses,
            [
                Some(ResultStatus::Ok),
                Some(ResultStatus::Failed),
                Some(ResultStatus::Skipped)
            ]
        );
        assert_eq!(content.items[1].attempts, Some(3));
    }

    #[test]
    fn large_and_deep_values_are_cut_visibly() {
        let long = "é".repeat(CONTENT);
        let text = format!(
            r#"{{"rc": 0, "stdout": "{long}", "list": [{}1]}}"#,
            "1,".repeat(CONTENT)
        );
        let kept = kept(&text);
        assert!(kept.len() < CONTENT, "{}", kept.len());
        let value: serde_json::Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(value["rc"], 0);
        assert!(value["stdout"].as_str().unwrap().contains("é…é"));
        assert_eq!(value[CUT][0]["path"], "stdout");
        assert_eq!(value[CUT][1]["path"], "list");
        let deep = format!(r#"{{"a": {}{}, "b": 1}}"#, "[".repeat(100), "]".repeat(100));
        let value: serde_json::Value = serde_json::from_str(&super::tests::kept(&deep)).unwrap();
        assert_eq!((&value["a"], &value["b"]), (&json!(null), &json!(1)));
    }
}
