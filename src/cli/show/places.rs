//! Looks up the file and line of tasks.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Deserialize;
use uuid::Uuid;

use super::super::client::Client;

/// File and line of an execution's tasks. Each task is requested once, however many results it has.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<u32, Option<String>>);

impl Places {
    /// The task's file and line, and its role; none if unknown.
    pub(super) fn of(
        &mut self,
        client: &Client,
        id: Uuid,
        task: u32,
    ) -> anyhow::Result<Option<&str>> {
        Ok(match self.0.entry(task) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(place(client, id, task)?),
        }
        .as_deref())
    }
}

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
