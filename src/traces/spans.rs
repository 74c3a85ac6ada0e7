//! Runs, plays, tasks and hosts as spans: by the semantic conventions for CI/CD where these have a name for something,
//! and with names of ours (`ansible.…`) for the rest. docs/traces.md lists all names.
//!
//! A span has no text that a task returned or that was printed: that stays in the record.

use std::fmt::Display;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use playback_wire::{ExecutionType, ResultStatus};

use super::attributes::Attributes;
use super::ids::{Ids, Part};
use crate::model::{
    ExecutionRow, PlayRow, Reason, ResultFlags, ResultRow, Status as RunStatus, TaskRow,
    printed_task, task_title,
};

/// The trace is sampled.
const SAMPLED: u32 = 0x01;

/// Whether the parent is another program's span: it is known; and it is.
const KNOWN: u32 = 0x100;
const REMOTE: u32 = 0x200;

/// What the spans of a run have in common.
#[derive(Debug)]
pub(super) struct Run<'r> {
    pub(super) row: &'r ExecutionRow,
    pub(super) ids: Ids,
    /// The address of the run's page, if it is known.
    pub(super) page: Option<String>,
}

/// What a trace leaves out, because there is a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Tasks without a span.
    pub(super) tasks: u64,
    /// Results without a span.
    pub(super) results: u64,
}

impl Run<'_> {
    /// The span of the run.
    pub(super) fn root(&self, left_out: LeftOut) -> Span {
        let row = self.row;
        let what = &row.description;
        let name = match what.r#type {
            ExecutionType::Playbook => what.playbook.clone(),
            ExecutionType::Adhoc => what
                .module
                .as_ref()
                .map(|module| format!("ad-hoc {module}")),
        };
        let name = name.unwrap_or_else(|| what.r#type.as_str().to_owned());
        let mut attributes = Attributes::default();
        attributes
            .text("cicd.pipeline.name", &name)
            .text("cicd.pipeline.action.name", "RUN")
            .text("cicd.pipeline.run.id", &row.id.to_string())
            .set_known("cicd.pipeline.run.url.full", self.page.as_deref())
            .text("cicd.pipeline.result", result_of(row))
            .set_known("error.type", error_of(row));
        if let Some(git) = &what.git {
            attributes
                .text("vcs.ref.head.revision", &git.commit)
                .set_known("vcs.ref.head.name", git.branch.as_deref());
        }
        attributes
            .text("ansible.run.type", what.r#type.as_str())
            .set_known("ansible.inventory", what.inventory.as_deref())
            .set_known("ansible.limit", what.limit.as_deref())
            .set_known("ansible.hosts", what.hosts.as_deref())
            .texts("ansible.tags", &what.tags)
            .texts("ansible.skip_tags", &what.skip_tags)
            .flag("ansible.check", what.check)
            .set_known("ansible.cwd", what.cwd.as_deref())
            .set_known("ansible.user", what.user.as_deref())
            .set_known("ansible.controller", what.controller.as_deref())
            .set_known("ansible.version", what.ansible_version.as_deref())
            .texts("playback.labels", &what.labels)
            .set_known("playback.launched_by", what.launched_by.as_deref())
            .flag("ansible.changed", row.changed)
            .number("ansible.results", row.results);
        if let Some(code) = row.exit_code {
            attributes.number("process.exit.code", code);
        }
        for (key, count) in [
            ("playback.trace.results_left_out", left_out.results),
            ("playback.trace.tasks_left_out", left_out.tasks),
        ] {
            if count > 0 {
                attributes.number(key, count);
            }
        }
        let flags = match self.ids.has_parent() {
            true => SAMPLED | KNOWN | REMOTE,
            false => SAMPLED | KNOWN,
        };
        let ended_us = row.ended_us.unwrap_or(row.started_us);
        let status = match row.status {
            RunStatus::Failed => failed(row.reason.map_or("failed", Reason::as_str)),
            _ => None,
        };
        Span {
            parent_span_id: self.ids.parent(),
            kind: SpanKind::Server.into(),
            flags,
            status,
            ..self.span(
                Part::Run,
                format!("RUN {name}"),
                (row.started_us, ended_us),
                attributes,
            )
        }
    }

    /// The span of a play.
    pub(super) fn play(&self, play: &PlayRow) -> Span {
        let mut attributes = Attributes::default();
        attributes
            .text("ansible.play.name", &play.name)
            .number("ansible.play.number", play.number)
            .text("ansible.play.hosts", &play.hosts)
            .text("ansible.play.strategy", &play.strategy);
        let name = match play.name.as_str() {
            "" => "play".to_owned(),
            name => name.to_owned(),
        };
        let times = (play.started_us, play.ended_us);
        Span {
            parent_span_id: self.ids.span(Part::Run),
            ..self.span(Part::Play(play.number), name, times, attributes)
        }
    }

    /// The span of a task; `has_play`: its play has one.
    pub(super) fn task(&self, task: &TaskRow, has_play: bool) -> Span {
        let name = printed_task(task_title(&task.name, &task.action), &task.role);
        let counts = &task.counts;
        let troubles = counts.failed + counts.unreachable;
        let is_failed = troubles > counts.ignored;
        let is_skipped = counts.ok == 0 && troubles == 0 && counts.skipped > 0;
        let result = match (is_failed, is_skipped) {
            (true, _) => "failure",
            (false, true) => "skip",
            (false, false) => "success",
        };
        let error = match (is_failed, counts.failed) {
            (false, _) => None,
            (true, 0) => Some("unreachable"),
            (true, _) => Some("task_failed"),
        };
        let page = self.page.as_ref().map(|page| format!("{page}/tasks"));
        let mut attributes = Attributes::default();
        attributes
            .text("cicd.pipeline.task.name", &name)
            .text("cicd.pipeline.task.run.id", &task.number.to_string())
            .text("cicd.pipeline.task.run.result", result)
            .set_known("cicd.pipeline.task.run.url.full", page.as_deref())
            .set_known("error.type", error)
            .text("code.file.path", &task.path);
        if task.line > 0 {
            attributes.number("code.line.number", task.line);
        }
        attributes
            .text("ansible.task.action", &task.action)
            .text("ansible.task.role", &task.role)
            .texts("ansible.task.tags", &task.tags);
        if task.handler {
            attributes.flag("ansible.task.handler", true);
        }
        for (key, count) in [
            ("ansible.task.results.ok", counts.ok),
            ("ansible.task.results.changed", counts.changed),
            ("ansible.task.results.failed", counts.failed),
            ("ansible.task.results.unreachable", counts.unreachable),
            ("ansible.task.results.skipped", counts.skipped),
            ("ansible.task.results.ignored", counts.ignored),
        ] {
            if count > 0 {
                attributes.number(key, count);
            }
        }
        let parent = match has_play {
            true => Part::Play(task.play),
            false => Part::Run,
        };
        Span {
            parent_span_id: self.ids.span(parent),
            status: error.and_then(failed),
            ..self.span(
                Part::Task(task.number),
                name,
                (task.started_us, task.ended_us),
                attributes,
            )
        }
    }

    /// The span of a task on a host; `has_task`: the task has one.
    pub(super) fn result(&self, result: &ResultRow, host: &str, has_task: bool) -> Span {
        let is_failed = result.is_failure();
        let error = match (is_failed, result.status) {
            (false, _) => None,
            (true, ResultStatus::Unreachable) => Some("unreachable"),
            (true, _) => Some("task_failed"),
        };
        let mut attributes = Attributes::default();
        attributes
            .text("ansible.host", host)
            .text("ansible.result.status", result.status.as_str())
            .number("ansible.result.seq", result.seq)
            .set_known("error.type", error);
        for (key, flag) in [
            ("ansible.result.changed", ResultFlags::CHANGED),
            ("ansible.result.ignored", ResultFlags::IGNORED),
            ("ansible.result.rescued", ResultFlags::RESCUED),
        ] {
            if result.flags.has(flag) {
                attributes.flag(key, true);
            }
        }
        let rare = result.rare.as_deref();
        attributes.set_known(
            "ansible.delegated_to",
            rare.and_then(|rare| rare.delegated_to.as_deref()),
        );
        let ended_us = self.row.base_us.saturating_add(result.ended_us);
        let started_us = ended_us.saturating_sub(result.duration_us.unwrap_or(0));
        let parent = match has_task {
            true => Part::Task(result.task),
            false => Part::Run,
        };
        Span {
            parent_span_id: self.ids.span(parent),
            status: error.and_then(failed),
            ..self.span(
                Part::Result(result.seq),
                host.to_owned(),
                (started_us, ended_us),
                attributes,
            )
        }
    }

    fn span(
        &self,
        part: Part,
        name: String,
        (started_us, ended_us): (i64, i64),
        attributes: Attributes,
    ) -> Span {
        Span {
            trace_id: self.ids.trace(),
            span_id: self.ids.span(part),
            flags: SAMPLED | KNOWN,
            name,
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: nanoseconds(started_us),
            // Nothing ends before it began, whatever clocks say.
            end_time_unix_nano: nanoseconds(ended_us.max(started_us)),
            attributes: attributes.finish(),
            ..Span::default()
        }
    }
}

/// The status of a span that failed.
fn failed(why: impl Display) -> Option<Status> {
    Some(Status {
        code: StatusCode::Error.into(),
        message: why.to_string(),
    })
}

/// The result of a run in the words of the conventions.
fn result_of(row: &ExecutionRow) -> &'static str {
    match (row.status, row.reason) {
        (RunStatus::Success, _) => "success",
        (_, Some(Reason::Canceled)) => "cancellation",
        (_, Some(Reason::TimedOut)) => "timeout",
        (_, Some(Reason::Lost | Reason::LaunchError)) => "error",
        _ => "failure",
    }
}

/// What kind of error a run ended with.
fn error_of(row: &ExecutionRow) -> Option<&'static str> {
    match row.status {
        RunStatus::Failed => Some(row.reason.map_or("_OTHER", Reason::as_str)),
        RunStatus::Running | RunStatus::Success => None,
    }
}

fn nanoseconds(us: i64) -> u64 {
    u64::try_from(us).unwrap_or(0).saturating_mul(1000)
}
