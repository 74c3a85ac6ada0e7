//! The test cases of a file as a run.

use playback_redact::Rules;
use playback_wire::{
    ExecutionEnded, ExecutionStarted, Imported, PlayStarted, ResultStatus, TaskStarted,
};
use serde_json::json;

use super::name::CaseName;
use super::xml::{Case, Ended, Suite};
use crate::import::content::{Content, Reading};
use crate::import::handled::Outcome;
use crate::import::result::ResultOf;
use crate::import::run::{Identity, Translation, role_and_name};
use crate::import::{NotTranslated, TranslatedRun, number};

/// Fields that the callback never records.
const UNKNOWN: [&str; 24] = [
    "start_time",
    "output",
    "exit_code",
    "usage",
    "recap",
    "argv",
    "cwd",
    "git",
    "inventory",
    "limit",
    "tags",
    "check",
    "diff",
    "user",
    "controller",
    "ansible_version",
    "python_version",
    "play_hosts",
    "retries",
    "action",
    "handler",
    "unreachable",
    "rescued",
    "ignored",
];

/// How the callback names the host of a file that was included.
const INCLUDE: &str = "include";

/// A task with its test cases.
struct Task<'c> {
    play: &'c str,
    name: &'c str,
    class: &'c str,
    cases: Vec<(&'c str, &'c Case)>,
}

/// Translates a file that was written at that time.
///
/// # Errors
/// The time is not valid, or nothing in it is a task of a host.
pub(super) fn run(
    suite: &Suite,
    written_us: i64,
    rules: Option<&Rules>,
) -> Result<TranslatedRun, NotTranslated> {
    let tasks = tasks(suite);
    let playbook = playbook(suite, &tasks);
    let description = ExecutionStarted {
        playbook: Some(playbook.to_owned()).filter(|name| !name.is_empty()),
        labels: vec!["junit".to_owned()],
        imported: Some(Imported {
            from: "junit".to_owned(),
            version: None,
            unknown: UNKNOWN.iter().map(|name| (*name).to_owned()).collect(),
        }),
        ..ExecutionStarted::default()
    };
    let mut log = Translation::begin(written_us, &description, rules)?;
    let mut play: Option<(&str, u32)> = None;
    let mut succeeded = true;
    for (at, task) in tasks.iter().enumerate() {
        let play_number = match play {
            Some((name, number)) if name == task.play => number,
            _ => {
                let number = play.map_or(1, |(_, number)| number + 1);
                let event = PlayStarted {
                    play: number,
                    name: task.play.into(),
                    ..PlayStarted::default()
                };
                log.push(written_us, "play_started", &event)?;
                play = Some((task.play, number));
                number
            }
        };
        push_task(&mut log, task, (number(at), play_number), written_us)?;
        for (host, case) in &task.cases {
            let (status, content) = result(case)?;
            succeeded &= !status.is_failure();
            let translated = ResultOf {
                task: number(at),
                host,
                outcome: Outcome {
                    status,
                    ..Outcome::default()
                },
                changed: content.changed,
                started: Some(written_us - case.took_us),
                delegates: String::new(),
                at: written_us,
            };
            translated.push(&mut log, &content)?;
        }
    }
    let event = ExecutionEnded {
        succeeded: Some(succeeded),
        ..ExecutionEnded::default()
    };
    log.push(written_us, "execution_ended", &event)?;
    Ok(log.finish("junit", &Identity::Content))
}

/// The test cases by task. The test cases of a task follow each other, and each host has one.
fn tasks(suite: &Suite) -> Vec<Task<'_>> {
    let mut tasks: Vec<Task<'_>> = Vec::new();
    for case in &suite.cases {
        let Some(name) = CaseName::read(&case.name) else {
            continue;
        };
        let belongs = tasks.last().is_some_and(|task| {
            (task.play, task.name, task.class) == (name.play, name.task, case.class.as_str())
                && task.cases.iter().all(|(host, _)| *host != name.host)
        });
        if !belongs {
            tasks.push(Task {
                play: name.play,
                name: name.task,
                class: &case.class,
                cases: Vec::new(),
            });
        }
        if name.host != INCLUDE
            && let Some(task) = tasks.last_mut()
        {
            task.cases.push((name.host, case));
        }
    }
    tasks
}

/// The playbook: the file of its name that holds one of the tasks, else its name, which lacks the ending.
fn playbook<'s>(suite: &'s Suite, tasks: &[Task<'s>]) -> &'s str {
    let mut files = tasks.iter().map(|task| place(task.class).0);
    let is_it = |file: &&str| {
        let name = file.rsplit('/').next().unwrap_or(file);
        name.split_once('.').map_or(name, |(name, _)| name) == suite.name
    };
    files.find(is_it).unwrap_or(&suite.name)
}

fn place(class: &str) -> (&str, u32) {
    match class.rsplit_once(':') {
        Some((file, line)) => match line.parse() {
            Ok(line) => (file, line),
            Err(_) => (class, 0),
        },
        None => (class, 0),
    }
}

fn push_task(
    log: &mut Translation<'_>,
    task: &Task<'_>,
    (task_number, play): (u32, u32),
    written_us: i64,
) -> Result<(), NotTranslated> {
    let (path, line) = place(task.class);
    let (role, name) = role_and_name(task.name, path);
    let event = TaskStarted {
        task: task_number,
        play,
        name: name.into(),
        path: path.into(),
        line,
        role: role.into(),
        ..TaskStarted::default()
    };
    // Only how long it took is known: until its last host was done.
    let took = task.cases.iter().map(|(_, case)| case.took_us).max();
    log.push(
        written_us - took.unwrap_or_default(),
        "task_started",
        &event,
    )
}

/// How a test case ended, and what its result contains.
fn result(case: &Case) -> Result<(ResultStatus, Content), NotTranslated> {
    let reading = Reading { diff: true };
    let made = |value: serde_json::Value| reading.read(&value.to_string());
    match &case.ended {
        Ended::Passed => {
            let content = reading.read(&case.out).unwrap_or_default();
            Ok((ResultStatus::Ok, content))
        }
        Ended::Skipped(reason) if reason.is_empty() || reason == "skipped" => {
            Ok((ResultStatus::Skipped, Content::default()))
        }
        Ended::Skipped(reason) => Ok((
            ResultStatus::Skipped,
            made(json!({ "skip_reason": reason }))?,
        )),
        Ended::Failed { message, text } => {
            let content = match reading.read(text) {
                Ok(content) => content,
                // A traceback, if Ansible was configured to print one.
                Err(_) if text.trim_start().starts_with("(traceback") || text.is_empty() => {
                    made(json!({ "msg": message }))?
                }
                Err(_) => made(json!({ "msg": message, "exception": text }))?,
            };
            Ok((ResultStatus::Failed, content))
        }
    }
}
