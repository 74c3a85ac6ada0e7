//! A playbook recorded by ARA, as a run.

mod arguments;

use std::collections::HashMap;
use std::io::Read as _;

use self::arguments::{Arguments, variable_names};
use super::content::Reading;
use super::handled::{self, Outcome, Recap};
use super::result::ResultOf;
use super::run::{Identity, Translation, role_and_name};
use super::{NotTranslated, TranslatedRun, number};
use crate::store::ara::rows::{AraHost, AraPlaybook, AraResult, AraRun, AraStatus, AraTask};
use crate::store::ara::{AraDatabase, AraError};
use flate2::read::ZlibDecoder;
use playback_redact::Rules;
use playback_wire::{
    ExecutionEnded, ExecutionStarted, ExecutionType, HostStats, Imported, PlayStarted,
    ResultStatus, Stats, TaskStarted,
};

/// Results whose content is read at once.
const PAGE: usize = 200;

/// How often to read a playbook that changes meanwhile.
const TRIES: usize = 3;

/// The largest compressed value that is expanded, in bytes after that.
const EXPANDED: u64 = 256 << 20;

/// Fields that ARA never records.
const UNKNOWN: [&str; 9] = [
    "output",
    "exit_code",
    "usage",
    "argv",
    "cwd",
    "git",
    "play_hosts",
    "retries",
    "notified_handlers",
];

/// How ARA names an ad-hoc command.
const ADHOC: &str = "Ad-Hoc: ";

/// Why a playbook is not imported.
#[derive(Debug, thiserror::Error)]
pub enum LeftOut {
    /// It cannot be imported as it stands, which is no fault.
    #[error("{0}")]
    NotYet(String),
    /// Something in it is not valid.
    #[error("{0}")]
    Damaged(#[from] NotTranslated),
    /// The database cannot be read.
    #[error(transparent)]
    Database(#[from] AraError),
}

/// Reads a playbook and translates it, while ARA may be recording others.
///
/// # Errors
/// It is not over, it is not valid, or the database cannot be read.
pub async fn translate(
    database: &AraDatabase,
    playbook: &AraPlaybook,
    rules: Option<&Rules>,
) -> Result<TranslatedRun, LeftOut> {
    check(playbook)?;
    for _ in 0..TRIES {
        let Some(run) = database.run(playbook.id).await? else {
            return Err(LeftOut::NotYet("it was deleted meanwhile".to_owned()));
        };
        check(&run.playbook)?;
        let translated = events(database, &run, rules).await;
        // Pages that were read one by one only fit together if the run did not change meanwhile.
        if database.is_unchanged(&run.playbook).await? {
            return translated;
        }
    }
    Err(LeftOut::NotYet(
        "it was changed while it was read: import again".to_owned(),
    ))
}

/// Whether it can be imported as it stands.
fn check(playbook: &AraPlaybook) -> Result<(), LeftOut> {
    match (&playbook.status, playbook.ended_us) {
        (AraStatus::Running, _) => Err(LeftOut::NotYet(
            "ARA says that it is running: import again when it is over. If its process died, \"ara expire\" says so"
                .to_owned(),
        )),
        (AraStatus::Completed | AraStatus::Failed, None) => Err(LeftOut::Damaged(
            NotTranslated::new("it has ended, and no time says when"),
        )),
        (AraStatus::Completed | AraStatus::Failed | AraStatus::Expired, _) => Ok(()),
        (AraStatus::Other(status), _) => Err(LeftOut::Damaged(NotTranslated::new(format!(
            "its status is {status:?}, which means nothing here"
        )))),
    }
}

/// A step of a run; steps are sorted by time.
#[derive(Clone, Copy)]
enum Step {
    Play(usize),
    Task(usize),
    Result(usize),
}

async fn events(
    database: &AraDatabase,
    run: &AraRun,
    rules: Option<&Rules>,
) -> Result<TranslatedRun, LeftOut> {
    let playbook = &run.playbook;
    let arguments: Arguments =
        serde_json::from_str(&expand(&playbook.arguments)?).map_err(NotTranslated::from)?;
    let mut outcomes: Vec<Outcome> = run.results.iter().map(outcome).collect();
    let hosts: HashMap<i64, &AraHost> = run.hosts.iter().map(|host| (host.id, host)).collect();
    let has_recap = arguments.playbooks() <= 1 && playbook.status != AraStatus::Expired;
    if has_recap {
        mark_handled(run, &hosts, &mut outcomes);
    }
    let reading = Reading {
        diff: arguments.diff,
    };
    let description = describe(run, &arguments, has_recap);
    let mut log = Translation::begin(playbook.started_us, &description, rules)?;
    let tasks: HashMap<i64, (usize, &AraTask)> = numbered(&run.tasks, |task| task.id);
    let plays: HashMap<i64, usize> = run
        .plays
        .iter()
        .enumerate()
        .map(|(at, play)| (play.id, at))
        .collect();
    let steps = steps(run, &plays, &tasks)?;
    let mut delegates: HashMap<i64, Vec<&str>> = HashMap::new();
    for (result, host) in &run.delegates {
        delegates.entry(*result).or_default().push(host);
    }
    let order: Vec<usize> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Result(at) => Some(*at),
            _ => None,
        })
        .collect();
    let mut pages = order.chunks(PAGE);
    let mut contents: HashMap<i64, Vec<u8>> = HashMap::new();
    for step in steps {
        match step {
            Step::Play(at) => {
                let play = &run.plays[at];
                let event = PlayStarted {
                    play: number(at),
                    name: (&*play.name).into(),
                    ..PlayStarted::default()
                };
                log.push(play.started_us, "play_started", &event)?;
            }
            Step::Task(at) => push_task(&mut log, number(at), &run.tasks[at], &plays)?,
            Step::Result(at) => {
                let result = &run.results[at];
                if contents.is_empty() {
                    let page = pages.next().unwrap_or_default();
                    let ids: Vec<i64> = page.iter().map(|at| run.results[*at].id).collect();
                    contents = database.contents(&ids).await?.into_iter().collect();
                }
                let Some(content) = contents.remove(&result.id) else {
                    return Err(NotTranslated::new("a result disappeared during the import").into());
                };
                let Some(host) = hosts.get(&result.host) else {
                    return Err(NotTranslated::new("a result has no host").into());
                };
                let delegates = delegates.get(&result.id).into_iter().flatten();
                let delegates = delegates.filter(|name| **name != host.name);
                let delegates: Vec<&str> = delegates.copied().collect();
                let translated = ResultOf {
                    task: number(tasks[&result.task].0),
                    host: &host.name,
                    outcome: outcomes[at],
                    changed: result.changed,
                    started: Some(result.started_us).filter(|_| result.ended_us.is_some()),
                    delegates: delegates.join(","),
                    at: result.ended_us.unwrap_or(result.started_us),
                };
                translated.push(&mut log, &reading.read(&expand(&content)?)?)?;
            }
        }
    }
    end(&mut log, run, &outcomes, has_recap)?;
    let identity = [
        &*playbook.path,
        playbook.controller.as_deref().unwrap_or_default(),
        &playbook.started_us.to_string(),
    ];
    Ok(log.finish("ara", &Identity::Of(&identity)))
}

fn outcome(result: &AraResult) -> Outcome {
    Outcome {
        status: result.status.unwrap_or_default(),
        ignored: result.ignored && result.status.is_some_and(ResultStatus::is_failure),
        rescued: false,
    }
}

/// Marks failures that were rescued, and hosts that need not be reached: ARA only records the counts.
fn mark_handled(run: &AraRun, hosts: &HashMap<i64, &AraHost>, outcomes: &mut [Outcome]) {
    let mut by_host: HashMap<i64, Vec<&mut Outcome>> = HashMap::new();
    let mut ordered: Vec<_> = run.results.iter().zip(outcomes).collect();
    ordered.sort_by_key(|(result, _)| (result.ended_us, result.id));
    for (result, outcome) in ordered {
        by_host.entry(result.host).or_default().push(outcome);
    }
    for (id, mut outcomes) in by_host {
        let Some(host) = hosts.get(&id) else { continue };
        let recap = Recap {
            failed: host.failed,
            unreachable: host.unreachable,
            rescued_and_ignored: None,
        };
        handled::mark(&mut outcomes, recap);
    }
}

/// Everything that happened, in the order of time; a play before its tasks, and a task before its results.
fn steps(
    run: &AraRun,
    plays: &HashMap<i64, usize>,
    tasks: &HashMap<i64, (usize, &AraTask)>,
) -> Result<Vec<Step>, NotTranslated> {
    let mut steps: Vec<(i64, u8, Step)> = Vec::new();
    for (at, play) in run.plays.iter().enumerate() {
        steps.push((play.started_us, 0, Step::Play(at)));
    }
    let of_task = |task: &AraTask| -> Result<i64, NotTranslated> {
        let play = plays
            .get(&task.play)
            .ok_or_else(|| NotTranslated::new("a task has no play"))?;
        Ok(task.started_us.max(run.plays[*play].started_us))
    };
    for (at, task) in run.tasks.iter().enumerate() {
        steps.push((of_task(task)?, 1, Step::Task(at)));
    }
    for (at, result) in run.results.iter().enumerate() {
        // A task that ARA only saw begin has no result.
        if result.status.is_none() {
            continue;
        }
        let (_, task) = tasks
            .get(&result.task)
            .ok_or_else(|| NotTranslated::new("a result has no task"))?;
        let ended_us = result.ended_us.unwrap_or(result.started_us);
        steps.push((ended_us.max(of_task(task)?), 2, Step::Result(at)));
    }
    steps.sort_by_key(|(at, kind, _)| (*at, *kind));
    Ok(steps.into_iter().map(|(.., step)| step).collect())
}

fn describe(run: &AraRun, arguments: &Arguments, has_recap: bool) -> ExecutionStarted {
    let playbook = &run.playbook;
    let version = playbook.server_version.as_ref();
    let version = playbook.client_version.as_ref().or(version);
    let mut unknown: Vec<String> = UNKNOWN.iter().map(|name| (*name).to_owned()).collect();
    if !has_recap {
        unknown.extend(["recap".to_owned(), "rescued".to_owned()]);
    }
    for (field, is_known) in [
        ("user", playbook.user.is_some()),
        ("controller", playbook.controller.is_some()),
        ("python_version", playbook.python_version.is_some()),
        // By default, ARA does not record extra variables.
        ("extra_var_names", !arguments.extra_vars.is_string()),
    ] {
        if !is_known {
            unknown.push(field.to_owned());
        }
    }
    let mut labels = run.labels.clone();
    labels.extend(filled(playbook.name.as_deref()));
    labels.push("ara".to_owned());
    let mut description = ExecutionStarted {
        inventory: filled(Some(arguments.inventory.texts().join(",").as_str())),
        limit: filled(arguments.subset.as_deref()),
        tags: arguments.tags.texts(),
        skip_tags: arguments.skip_tags.texts(),
        check: arguments.check,
        diff: arguments.diff,
        forks: arguments.forks,
        verbosity: arguments.verbosity,
        extra_var_names: variable_names(&arguments.extra_vars),
        labels,
        user: filled(playbook.user.as_deref()),
        controller: filled(playbook.controller.as_deref()),
        ansible_version: filled(Some(playbook.ansible_version.as_str())),
        python_version: filled(playbook.python_version.as_deref()),
        imported: Some(Imported {
            from: "ara".to_owned(),
            version: filled(version.map(String::as_str)),
            unknown,
        }),
        ..ExecutionStarted::default()
    };
    // Ansible's default.
    description.tags.retain(|tag| tag != "all");
    match playbook.path.strip_prefix(ADHOC) {
        Some(module) => {
            description.r#type = ExecutionType::Adhoc;
            description.module = Some(module.to_owned());
            description.hosts = arguments.args.texts().into_iter().next();
        }
        None => {
            let named = arguments.args.texts();
            let is_named = |name: &&String| {
                let name = name.trim_start_matches("./");
                playbook.path == name || playbook.path.ends_with(&format!("/{name}"))
            };
            let named = match named.as_slice() {
                [only] => Some(only).filter(is_named),
                _ => None,
            };
            description.playbook = Some(named.unwrap_or(&playbook.path).clone());
        }
    }
    description
}

fn push_task(
    log: &mut Translation<'_>,
    number: u32,
    task: &AraTask,
    plays: &HashMap<i64, usize>,
) -> Result<(), NotTranslated> {
    // An ad-hoc command is in no file.
    let path = match task.path.starts_with(ADHOC) {
        true => "",
        false => &task.path,
    };
    let (role, name) = role_and_name(&task.name, path);
    let event = TaskStarted {
        task: number,
        play: plays.get(&task.play).map_or(0, |at| self::number(*at)),
        name: name.into(),
        action: (&*task.action).into(),
        path: path.into(),
        line: u32::try_from(task.line).unwrap_or_default() * u32::from(!path.is_empty()),
        role: role.into(),
        tags: serde_json::from_str(&expand(&task.tags)?)?,
        handler: task.handler,
        ..TaskStarted::default()
    };
    log.push(task.started_us, "task_started", &event)
}

/// Adds the recap, and the end, unless ARA never saw one.
fn end(
    log: &mut Translation<'_>,
    run: &AraRun,
    outcomes: &[Outcome],
    has_recap: bool,
) -> Result<(), NotTranslated> {
    let playbook = &run.playbook;
    let Some(ended_us) = playbook
        .ended_us
        .filter(|_| playbook.status != AraStatus::Expired)
    else {
        return Ok(());
    };
    if has_recap {
        let mut stats = Stats::default();
        let mut handled: HashMap<i64, (u64, u64)> = HashMap::new();
        for (result, outcome) in run.results.iter().zip(outcomes) {
            let (rescued, ignored) = handled.entry(result.host).or_default();
            *rescued += u64::from(outcome.rescued);
            *ignored += u64::from(outcome.ignored);
        }
        for host in run.hosts.iter().filter(|host| host.playbook == playbook.id) {
            let (rescued, ignored) = handled.get(&host.id).copied().unwrap_or_default();
            let counts = HostStats {
                ok: host.ok,
                changed: host.changed,
                unreachable: host.unreachable,
                failed: host.failed,
                skipped: host.skipped,
                rescued,
                ignored,
            };
            // ARA also lists hosts that only ran tasks for others.
            if counts != HostStats::default() {
                stats.hosts.insert(host.name.clone(), counts);
            }
        }
        log.push(ended_us, "stats", &stats)?;
    }
    let event = ExecutionEnded {
        succeeded: Some(playbook.status == AraStatus::Completed),
        ..ExecutionEnded::default()
    };
    log.push(ended_us, "execution_ended", &event)
}

/// A value as ARA stores it: text, compressed by zlib.
fn expand(compressed: &[u8]) -> Result<String, NotTranslated> {
    let mut text = String::new();
    let mut expanded = ZlibDecoder::new(compressed).take(EXPANDED);
    expanded
        .read_to_string(&mut text)
        .map_err(|_| NotTranslated::new("a value in it is damaged"))?;
    if text.len() as u64 >= EXPANDED {
        return Err(NotTranslated::new("a value in it is too large"));
    }
    Ok(text)
}

fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn numbered<T>(rows: &[T], id: impl Fn(&T) -> i64) -> HashMap<i64, (usize, &T)> {
    let rows = rows.iter().enumerate();
    rows.map(|(at, row)| (id(row), (at, row))).collect()
}
