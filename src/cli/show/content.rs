//! Shows what modules returned: every field of a result, the most significant ones first.

use serde_json::Value;
use uuid::Uuid;

use super::super::client::Client;
use super::super::out::{Colour, Out, plain};
use super::failures::{field, items_of};
use super::results::{Entry, detail};
use crate::failure::{REPORTED, item_label, text_of};

/// Prints one result with everything that the module returned.
pub(super) fn print(client: &Client, id: Uuid, entry: &Entry, out: &mut Out) -> anyhow::Result<()> {
    let head = format!("{}: {} on {}", entry.status(), entry.task_name, entry.host);
    let colour = if entry.is_bad() {
        Colour::Red
    } else {
        Colour::Bold
    };
    out.headline(colour, &plain(&head))?;
    let detail: Value = serde_json::from_str(detail(client, id, entry.seq)?.get())?;
    if detail["event"]["kind"] == "damaged" {
        out.line("  what it returned cannot be read: the log is damaged")?;
    }
    fields(&detail["event"]["data"]["content"], None, out)?;
    if entry.r#loop {
        for item in items_of(client, id, entry)? {
            let content = &item["content"];
            let label = item_label(content).unwrap_or_default();
            let status = item["status"].as_str().unwrap_or("ok");
            let changed = item["changed"] == true || content["changed"] == true;
            let changed = if changed && status == "ok" {
                " (changed)"
            } else {
                ""
            };
            out.hanging("  item: ", &plain(&format!("{label}, {status}{changed}")))?;
            let variable = content["ansible_loop_var"].as_str().unwrap_or("item");
            fields(content, Some(variable), out)?;
        }
    }
    Ok(())
}

/// Prints the fields of what a module returned, the most significant ones first, without the loop's variable.
fn fields(content: &Value, variable: Option<&str>, out: &mut Out) -> anyhow::Result<()> {
    let Some(content) = content.as_object() else {
        return Ok(());
    };
    let telling = REPORTED.iter().filter(|name| content.contains_key(**name));
    let others = content.keys().map(String::as_str);
    let others = others.filter(|name| !REPORTED.contains(name) && !is_left_out(name));
    let others = others.filter(|name| Some(*name) != variable);
    for name in telling.copied().chain(others) {
        match &content[name] {
            value @ (Value::Array(_) | Value::Object(_)) => nested(name, value, out)?,
            value => {
                if let Some(text) = text_of(value) {
                    field(name, &text, out)?;
                }
            }
        }
    }
    Ok(())
}

/// Whether a field repeats other information (whether it changed something, the lines of `stdout`), or is Ansible's
/// own.
fn is_left_out(name: &str) -> bool {
    matches!(
        name,
        "changed" | "stdout_lines" | "stderr_lines" | "ansible_loop_var"
    ) || name.starts_with("_ansible_")
}

/// Prints a list or a mapping as indented JSON below its name.
fn nested(name: &str, value: &Value, out: &mut Out) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    match text.as_str() {
        "[]" | "{}" => Ok(()),
        text => {
            out.line(format_args!("  {}:", plain(name)))?;
            for line in text.lines() {
                out.hanging("    ", &plain(line))?;
            }
            Ok(())
        }
    }
}
