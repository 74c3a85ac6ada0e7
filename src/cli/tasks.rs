//! Tasks in words.

use crate::model::task_title;

/// A task with its role, and whether it is a handler.
pub(super) fn described(name: &str, action: &str, role: &str, is_handler: bool) -> String {
    let title = task_title(name, action);
    match (role, is_handler) {
        ("", false) => title.to_owned(),
        ("", true) => format!("{title} (handler)"),
        (role, false) => format!("{title} (role {role})"),
        (role, true) => format!("{title} (role {role}, handler)"),
    }
}
