//! Reads what a message says: the run as it is recorded now, and the explanation of a failure.

use playback_wire::ResultStatus;
use uuid::Uuid;

use super::NotifyError;
use super::notice::{
    Digest, DigestError, DigestLine, Notice, NoticeData, NoticeDocument, NoticeFailure,
    NoticeReport, NoticeRun, NoticeTime, budget_title, is_bad, missing_title, title,
};
use super::triggers::{self, Detail};
use crate::history::HistoryError;
use crate::history::explain::explain;
use crate::model::{
    DeliveryKind, DeliveryRow, ExecutionFilter, ExecutionKey, ExecutionRow, Explanation,
    FailureGroup, NotificationEvent, Page, RunAt, Status, Trigger, printed_task, series_hash,
    task_title, time_from_us,
};
use crate::reports::{self, Reports, ReportsError};
use crate::store::{Store, StoreError};

/// Errors, hosts of an error, printed lines, and characters of a message that a message tells.
const FAILURES: usize = 5;
const HOSTS: usize = 10;
const PRINTED: usize = 10;
const MESSAGE_CHARS: usize = 500;

/// Groups and runs that a digest lists, and errors of each of these runs.
const GROUPS: usize = 20;
const RUNS: usize = 10;
const ERRORS_OF_RUN: usize = 2;

/// Where and whom a message is read for.
pub(super) struct Reader<'r> {
    pub(super) store: &'r Store,
    /// Makes reports.
    pub(super) reports: &'r Reports,
    /// Name of the target.
    pub(super) target: &'r str,
    /// Address of the collector's pages.
    pub(super) pages: Option<&'r str>,
}

impl Reader<'_> {
    /// What a delivery says, or why there is nothing to say any longer.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn notice(
        &self,
        delivery: &DeliveryRow,
        now_us: i64,
    ) -> Result<Result<Notice, String>, NotifyError> {
        let Self {
            store,
            target,
            pages,
            ..
        } = *self;
        match delivery.kind {
            DeliveryKind::Digest => {
                let digest = digest(store, delivery, target, pages).await?;
                Ok(digest.ok_or_else(|| "its runs were deleted".to_owned()))
            }
            DeliveryKind::Report => self.report(delivery).await,
            DeliveryKind::Test => {
                let found = match delivery.execution {
                    Some(key) => rows(store, &[key]).await?.pop(),
                    None => None,
                };
                let Some((key, row)) = found else {
                    return Ok(Ok(Notice::example(target, delivery.uuid, now_us, pages)));
                };
                let event = NotificationEvent {
                    target: delivery.target,
                    subject: String::new(),
                    triggers: vec![Trigger::Failed],
                    execution: key,
                    detail: "{}".to_owned(),
                    at_us: now_us,
                    held_until_us: None,
                };
                let mut notice = of_event(store, &event, &row, target, pages).await?;
                notice.data.test = true;
                Ok(Ok(notice))
            }
            DeliveryKind::Event => {
                let gone = || Ok(Err("its run was deleted".to_owned()));
                let Some(event) = store.last_event_of(delivery.uuid).await? else {
                    return gone();
                };
                let Some(key) = event.run() else {
                    return Ok(Ok(of_no_run(&event, target)));
                };
                match rows(store, &[key]).await?.pop() {
                    Some((_, row)) => Ok(Ok(of_event(store, &event, &row, target, pages).await?)),
                    None => gone(),
                }
            }
        }
    }

    /// A report, from the history as it is now.
    async fn report(&self, delivery: &DeliveryRow) -> Result<Result<Notice, String>, NotifyError> {
        let found = match delivery.report {
            Some(id) => self.store.report(id).await?,
            None => None,
        };
        let Some(row) = found else {
            return Ok(Err("the report is no longer kept".to_owned()));
        };
        let content = match self.reports.again(&row).await {
            Ok(content) => content,
            Err(ReportsError::Invalid(problem)) => return Ok(Err(problem)),
            Err(error) => return Err(error.into()),
        };
        let documents = reports::documents(&row, &content).map_err(HistoryError::from)?;
        let documents = documents.into_iter().map(|document| NoticeDocument {
            format: document.format,
            file: document.file,
            text: document.text,
        });
        Ok(Ok(Notice {
            r#type: "report".to_owned(),
            timestamp: time_from_us(row.due_us),
            data: NoticeData {
                target: self.target.to_owned(),
                title: reports::brief(&content).title,
                report: Some(Box::new(NoticeReport {
                    id: row.id,
                    url: self
                        .pages
                        .map(|pages| format!("{pages}/reports/{}", row.id)),
                    documents: documents.collect(),
                    schedule: row.schedule,
                    content,
                })),
                ..NoticeData::default()
            },
        }))
    }
}

/// Of a budget, or of runs that are missing.
fn of_no_run(event: &NotificationEvent, target: &str) -> Notice {
    let detail: Detail = serde_json::from_str(&event.detail).unwrap_or_default();
    let at = time_from_us(event.at_us);
    let (kind, title) = match (&detail.budget, &detail.query) {
        (None, Some(query)) => ("playbook.silent", missing_title(query)),
        (budget, _) => {
            let title = budget.as_ref().map(|budget| budget_title(budget, at));
            ("budget.spent", title.unwrap_or_default())
        }
    };
    Notice {
        r#type: kind.to_owned(),
        timestamp: at,
        data: NoticeData {
            target: target.to_owned(),
            title,
            triggers: event.triggers.clone(),
            expected_by: detail.expected_us.map(time_from_us),
            query: detail.query,
            budget: detail.budget,
            ..NoticeData::default()
        },
    }
}

async fn rows(
    store: &Store,
    keys: &[ExecutionKey],
) -> Result<Vec<(ExecutionKey, ExecutionRow)>, StoreError> {
    store
        .executions_among(&ExecutionFilter::default(), keys)
        .await
}

async fn of_event(
    store: &Store,
    event: &NotificationEvent,
    row: &ExecutionRow,
    target: &str,
    pages: Option<&str>,
) -> Result<Notice, HistoryError> {
    let run = NoticeRun::of(row, pages);
    let first = event.triggers.first().copied();
    let trigger = first.unwrap_or(Trigger::Finished);
    let detail: Detail = serde_json::from_str(&event.detail).unwrap_or_default();
    let about = match trigger {
        Trigger::Silent => "playbook",
        _ => "run",
    };
    let mut data = NoticeData {
        target: target.to_owned(),
        title: title(trigger, &run),
        triggers: event.triggers.clone(),
        series: Some(series(row)),
        broken_since: detail.broken_since.map(|(id, started_us)| NoticeTime {
            id,
            start_time: time_from_us(started_us),
        }),
        failures_in_row: detail.failures_in_row,
        usual_duration: detail.usual_seconds,
        turns: detail.turns.map(|(turns, _)| turns),
        unreachable: detail.unreachable,
        expected_by: detail.expected_us.map(time_from_us),
        queued_since: detail.queued_us.map(time_from_us),
        run: Some(run),
        ..NoticeData::default()
    };
    let tells_failure = triggers::has_failed(row) && trigger != Trigger::Silent;
    if tells_failure {
        explained(&mut data, explain(store, event.execution, row).await?);
    }
    Ok(Notice {
        r#type: format!("{about}.{}", trigger.as_str()),
        timestamp: time_from_us(event.at_us),
        data,
    })
}

/// Identifies a series, without telling what it is.
pub(super) fn series(row: &ExecutionRow) -> String {
    let hash = series_hash(&row.description);
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds why a run failed.
fn explained(data: &mut NoticeData, explanation: Explanation) {
    let left_out = explanation.failures.len().saturating_sub(FAILURES) as u64;
    data.failures_left_out = explanation.groups_left_out + left_out;
    data.verdict = explanation.verdict;
    let skipped = explanation.printed.len().saturating_sub(PRINTED);
    let printed = explanation.printed.into_iter().skip(skipped);
    data.printed = printed.map(|line| cut(&line)).collect();
    let failures = explanation.failures.into_iter().take(FAILURES);
    data.failures = failures.map(failure).collect();
}

fn failure(group: FailureGroup) -> NoticeFailure {
    let status = match group.status {
        ResultStatus::Unreachable => "unreachable",
        _ => "failed",
    };
    let message = match group.censored {
        true => Some("The content is censored (no_log).".to_owned()),
        false => group.message.or(group.stderr).or(group.stdout),
    };
    let task = group.tasks.first();
    let since = group.seen.map(|seen| seen.first);
    NoticeFailure {
        status: status.to_owned(),
        message: message.map(|message| cut(&message)),
        fingerprint: group.fingerprint,
        task: task.map(|task| printed_task(task_title(&task.name, &task.action), &task.role)),
        host_count: group.host_count,
        hosts: group.hosts.into_iter().take(HOSTS).collect(),
        since: since.map(at),
    }
}

fn at(run: RunAt) -> NoticeTime {
    NoticeTime {
        id: run.id,
        start_time: run.start_time,
    }
}

/// A text as long as a message may tell it.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a digest says; none if all of its events are gone.
async fn digest(
    store: &Store,
    delivery: &DeliveryRow,
    target: &str,
    pages: Option<&str>,
) -> Result<Option<Notice>, HistoryError> {
    let groups = store.digest_groups(delivery.uuid).await?;
    if groups.is_empty() {
        return Ok(None);
    }
    let events: u64 = groups.iter().map(|group| group.events).sum();
    let is_bad = groups
        .iter()
        .any(|group| is_bad(group.trigger, group.failed > 0));
    let left_out = groups.iter().skip(GROUPS).map(|group| group.events).sum();
    let first = store.events_of(delivery.uuid, 50).await?;
    let mut keys: Vec<ExecutionKey> = first.iter().filter_map(NotificationEvent::run).collect();
    keys.dedup();
    keys.truncate(RUNS);
    let mut runs = rows(store, &keys).await?;
    runs.sort_by_key(|(key, _)| keys.iter().position(|one| one == key));
    let at_us = first
        .first()
        .map_or(delivery.created_us, |event| event.at_us);
    // Of a silent playbook the run is the last one, whose errors are no news.
    let silent: Vec<ExecutionKey> = first
        .iter()
        .filter(|event| event.triggers.first() == Some(&Trigger::Silent))
        .map(|event| event.execution)
        .collect();
    let mut errors: Vec<DigestError> = Vec::new();
    for (key, row) in &runs {
        if triggers::has_failed(row) && !silent.contains(key) {
            let name = NoticeRun::of(row, None).name;
            add_errors(&mut errors, row.id, &name, explain(store, *key, row).await?);
        }
    }
    errors.truncate(FAILURES);
    Ok(Some(Notice {
        r#type: "digest".to_owned(),
        timestamp: time_from_us(at_us),
        data: NoticeData {
            target: target.to_owned(),
            title: match events {
                1 => "1 event".to_owned(),
                events => format!("{events} events"),
            },
            digest: Some(Digest {
                events,
                groups: groups
                    .into_iter()
                    .take(GROUPS)
                    .map(|group| DigestLine {
                        trigger: group.trigger,
                        playbook: group.playbook,
                        events: group.events,
                    })
                    .collect(),
                left_out,
                runs: runs
                    .iter()
                    .map(|(_, row)| NoticeRun::of(row, pages))
                    .collect(),
                errors,
                is_bad,
            }),
            ..NoticeData::default()
        },
    }))
}

/// Adds the errors of a run to those of a digest: one that is known from an earlier run is counted there.
fn add_errors(errors: &mut Vec<DigestError>, run: Uuid, name: &str, explanation: Explanation) {
    for group in explanation.failures.into_iter().take(ERRORS_OF_RUN) {
        let failure = failure(group);
        let known = errors.iter_mut().find(|known| {
            failure.fingerprint.is_some() && known.failure.fingerprint == failure.fingerprint
        });
        match known {
            Some(known) => known.runs += 1,
            None => errors.push(DigestError {
                run,
                name: name.to_owned(),
                runs: 1,
                failure,
            }),
        }
    }
}

/// The run that a test shows: the last one that failed, if there is one.
///
/// # Errors
/// The store failed.
pub(super) async fn example_run(store: &Store) -> Result<Option<ExecutionKey>, StoreError> {
    let filter = ExecutionFilter {
        status: Some(Status::Failed),
        ..ExecutionFilter::default()
    };
    let page = Page {
        limit: 1,
        offset: 0,
        after: None,
        ascending: false,
    };
    let found = store.executions(&filter, &page).await?;
    Ok(found.first().map(|(key, _)| *key))
}
