//! Display names of tasks, with file and line.

/// The name of a task, or its action if it has none.
#[must_use]
pub fn task_title<'t>(name: &'t str, action: &'t str) -> &'t str {
    match name {
        "" => action,
        name => name,
    }
}

/// The title of a task as Ansible prints it: with its role, if it has one.
#[must_use]
pub fn printed_task(title: &str, role: &str) -> String {
    match role {
        "" => title.to_owned(),
        role => format!("{role} : {title}"),
    }
}

/// A file and the line in it; none if the file is not known.
#[must_use]
pub fn task_place(path: &str, line: Option<u32>) -> Option<String> {
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    (!path.is_empty()).then(|| format!("{path}{line}"))
}
