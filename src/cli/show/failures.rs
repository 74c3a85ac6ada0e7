//! Shows what failed, on which host, and the module's message.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::client::Client;
use super::super::out::{Colour, Out, plain};
use super::results::{Entry, detail, failed};

/// Lines of a long text in the short form: the last ones, which say how it ended.
const LINES: usize = 10;

/// Failed loop items in the short form.
const ITEMS: usize = 3;

/// Fields of a result that hold a program's own output, the most telling first.
const PRINTED: &[&str] = &["stderr", "stdout", "module_stderr", "module_stdout"];

/// All fields in which modules report a failure.
const EVERYTHING: &[&str] = &[
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

/// How much detail to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Enough to know what went wrong.
    Short,
    /// Everything.
    All,
}

/// Prints what made the run fail in the short form: at most `most` results.
pub(super) fn in_short(
    client: &Client,
    id: Uuid,
    most: usize,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut entries = failed(client, id)?;
    entries.retain(|entry| !entry.ignored && !entry.rescued);
    for entry in entries.iter().take(most) {
        out.line("")?;
        print(client, id, entry, Detail::Short, out)?;
    }
    match entries.len().saturating_sub(most) {
        0 => Ok(()),
        more => out.line(format_args!(
            "\nand {more} more: \"playback show {id} --failed\" shows them"
        )),
    }
}

/// Prints one failure: the module's message, and where the task is defined.
pub(super) fn print(
    client: &Client,
    id: Uuid,
    entry: &Entry,
    how: Detail,
    out: &mut Out,
) -> anyhow::Result<()> {
    let head = format!("{}: {} on {}", entry.status(), entry.task_name, entry.host);
    out.headline(Colour::Red, &plain(&head))?;
    let detail: Value = serde_json::from_str(detail(client, id, entry.seq)?.get())?;
    said(&detail["event"]["data"]["content"], how, out)?;
    if entry.r#loop {
        items(client, id, entry, how, out)?;
    }
    if let Some(place) = place(client, id, entry.task)? {
        out.hanging("  at: ", &plain(&place))?;
    }
    Ok(())
}

/// Prints a module's message.
fn said(content: &Value, how: Detail, out: &mut Out) -> anyhow::Result<()> {
    let names = match how {
        Detail::All => EVERYTHING.to_vec(),
        Detail::Short => telling(content),
    };
    for name in names {
        let Some(text) = text_of(&content[name]) else {
            continue;
        };
        let mut lines: Vec<&str> = text.trim_end().split('\n').collect();
        if how == Detail::Short && lines.len() > LINES {
            let left_out = lines.len() - LINES;
            lines.drain(..left_out);
            out.line(format_args!("  {name}, the last {LINES} lines of it:"))?;
            for line in lines {
                out.hanging("    ", &plain(line))?;
            }
            continue;
        }
        // The name goes before the first line, and further lines are indented.
        let mut before = format!("  {name}: ");
        for line in lines {
            out.hanging(&before, &plain(line))?;
            before = " ".repeat(name.len() + 4);
        }
    }
    Ok(())
}

/// The most telling fields: for a failed program its output rather than the fact that it failed.
fn telling(content: &Value) -> Vec<&'static str> {
    let said = |name: &&str| text_of(&content[*name]).is_some();
    let msg = content["msg"].as_str().unwrap_or_default();
    let says_nothing = ["non-zero return code", "MODULE FAILURE"]
        .iter()
        .any(|start| msg.starts_with(start));
    let printed: Vec<&'static str> = PRINTED.iter().copied().filter(said).collect();
    match says_nothing && !printed.is_empty() {
        true => ["rc"].into_iter().chain(printed).collect(),
        false if says_nothing => vec!["msg", "rc"],
        false => {
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

/// A value as text, if it is not empty.
fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Prints a loop's failed items: the loop's own result only says that some failed.
fn items(
    client: &Client,
    id: Uuid,
    entry: &Entry,
    how: Detail,
    out: &mut Out,
) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Events {
        events: Vec<Value>,
    }
    let query = [
        ("kind", "item".to_owned()),
        ("task", entry.task.to_string()),
        ("host", entry.host.clone()),
        ("limit", "1000".to_owned()),
    ];
    let found: Events = client.get(&format!("/executions/{id}/events"), &query)?;
    let failed: Vec<&Value> = found
        .events
        .iter()
        .map(|event| &event["data"])
        .filter(|item| item["status"] == "failed" || item["status"] == "unreachable")
        .collect();
    let most = match how {
        Detail::Short => ITEMS,
        Detail::All => usize::MAX,
    };
    for item in failed.iter().take(most) {
        let content = &item["content"];
        let variable = content["ansible_loop_var"].as_str().unwrap_or("item");
        let names = ["_ansible_item_label", variable, "item"];
        let label = names.iter().find_map(|name| text_of(&content[*name]));
        out.hanging("  item: ", &plain(&label.unwrap_or_default()))?;
        said(content, how, out)?;
    }
    match failed.len().saturating_sub(most) {
        0 => Ok(()),
        more => out.line(format_args!("  and {more} more items")),
    }
}

/// Where a task is defined: its file and line, and its role.
fn place(client: &Client, id: Uuid, task: u32) -> anyhow::Result<Option<String>> {
    #[derive(Deserialize)]
    struct Tasks {
        tasks: Vec<Task>,
    }
    #[derive(Deserialize)]
    struct Task {
        task: u32,
        #[serde(default)]
        path: String,
        line: Option<u32>,
        #[serde(default)]
        role: String,
    }
    let query = [
        ("after", task.saturating_sub(1).to_string()),
        ("limit", "1".to_owned()),
    ];
    let found: Tasks = client.get(&format!("/executions/{id}/tasks"), &query)?;
    let Some(task) = found.tasks.into_iter().find(|one| one.task == task) else {
        return Ok(None);
    };
    let line = task.line.map(|line| format!(":{line}")).unwrap_or_default();
    let path = (!task.path.is_empty()).then(|| format!("{}{line}", task.path));
    let role = (!task.role.is_empty()).then(|| format!("role {}", task.role));
    let place: Vec<String> = path.into_iter().chain(role).collect();
    Ok((!place.is_empty()).then(|| place.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_program_that_failed_is_quoted() {
        let failed = |more: Value| {
            let mut content = json!({ "msg": "non-zero return code", "rc": 2 });
            content
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            telling(&content)
        };
        assert_eq!(
            failed(json!({ "stderr": "no such file", "stdout": "begun" })),
            ["rc", "stderr", "stdout"]
        );
        assert_eq!(
            failed(json!({ "stderr": "", "stdout": "x" })),
            ["rc", "stdout"]
        );
        assert_eq!(failed(json!({})), ["msg", "rc"]);
        let own = json!({ "msg": "cannot clone: no route", "stderr": "no route\n" });
        assert_eq!(telling(&own), ["msg", "reason"]);
        let own = json!({ "msg": "cannot clone", "stderr": "no route\n" });
        assert_eq!(telling(&own), ["msg", "reason", "stderr"]);
    }
}
