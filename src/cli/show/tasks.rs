//! Finds the tasks of an execution by number or name.

use anyhow::bail;
use serde::Deserialize;
use uuid::Uuid;

use super::super::client::Client;

/// Page size.
const PAGE: &str = "1000";

#[derive(Debug, Deserialize)]
struct List {
    tasks: Vec<Task>,
    next: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Task {
    task: u32,
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
}

impl Task {
    /// Its name as Ansible prints it.
    fn printed(&self) -> String {
        match self.role.as_str() {
            "" => self.name.clone(),
            role => format!("{role} : {}", self.name),
        }
    }
}

/// The numbers of the tasks that match a text: a number, a name, or otherwise part of a name, ignoring case.
pub(super) fn named(client: &Client, id: Uuid, text: &str) -> anyhow::Result<Vec<u32>> {
    if let Ok(number) = text.parse() {
        return Ok(vec![number]);
    }
    let tasks = all(client, id)?;
    let numbers = |is_meant: &dyn Fn(&Task) -> bool| -> Vec<u32> {
        let meant = tasks.iter().filter(|task| is_meant(task));
        meant.map(|task| task.task).collect()
    };
    let exactly = numbers(&|task| task.name == text || task.printed() == text);
    if !exactly.is_empty() {
        return Ok(exactly);
    }
    let part = text.to_lowercase();
    let partly = numbers(&|task| task.printed().to_lowercase().contains(&part));
    if partly.is_empty() {
        bail!(
            "no task of this run is called {text:?}: \"playback show {id} --results\" lists them"
        );
    }
    Ok(partly)
}

fn all(client: &Client, id: Uuid) -> anyhow::Result<Vec<Task>> {
    let (mut tasks, mut after) = (Vec::new(), 0);
    loop {
        let query = [("after", after.to_string()), ("limit", PAGE.to_owned())];
        let page: List = client.get(&format!("/executions/{id}/tasks"), &query)?;
        tasks.extend(page.tasks);
        match page.next {
            Some(next) => after = next,
            None => return Ok(tasks),
        }
    }
}
