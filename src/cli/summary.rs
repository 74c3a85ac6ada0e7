//! One execution in a few words: what ran, its status, the outcomes of its hosts.

use std::collections::{BTreeSet, HashMap};

use playback_wire::{ExecutionType, HostStats};
use unicode_width::UnicodeWidthStr as _;

use super::out::{Colour, cut_end, cut_front};
use super::when::show_seconds;
use crate::clock::Clock;
use crate::model::{ExecutionResult, Phase, Reason, Status};

/// The minimum width of an option: " -l w…".
const SHORTEST: usize = 6;

/// Prefix of an ad-hoc command.
const ADHOC: &str = "ad-hoc ";

/// The name of the playbook or module.
pub(super) fn title(record: &ExecutionResult) -> String {
    let started = &record.description;
    match started.r#type {
        ExecutionType::Playbook => started.playbook.clone().unwrap_or_default(),
        ExecutionType::Adhoc => {
            let module = started.module.as_deref().unwrap_or("?");
            let hosts = started.hosts.as_deref().unwrap_or("?");
            format!("{ADHOC}{module} on {hosts}")
        }
    }
}

/// Its status and reason, and whether it was a check.
pub(super) fn status(record: &ExecutionResult) -> String {
    let status = record.status.as_str();
    let more = match (record.reason, record.phase) {
        (Some(reason), _) => Some(reason.as_str()),
        (None, _) if record.status != Status::Running => None,
        (None, _) if record.canceled_by.is_some() => Some("being canceled"),
        // A queued run is not running, although programs that know only three states see it as running.
        (None, Phase::Queued) => return with(record.phase.as_str(), None, record),
        (None, Phase::Starting) => Some(record.phase.as_str()),
        (None, _) => None,
    };
    with(status, more, record)
}

fn with(status: &str, more: Option<&str>, record: &ExecutionResult) -> String {
    let check = record.description.check.then_some("check");
    let more: Vec<&str> = more.into_iter().chain(check).collect();
    match more.is_empty() {
        true => status.to_owned(),
        false => format!("{status} ({})", more.join(", ")),
    }
}

/// The status in one or two words.
pub(super) fn short_status(record: &ExecutionResult) -> String {
    let status = match (record.reason, record.phase, record.status) {
        (Some(Reason::TaskFailed), ..) => "failed",
        (Some(Reason::Unreachable), ..) => "unreachable",
        (Some(Reason::Canceled), ..) => "canceled",
        (Some(Reason::TimedOut), ..) => "timed out",
        (Some(Reason::Lost), ..) => "lost",
        (Some(Reason::LaunchError), ..) => "not started",
        (Some(Reason::AnsibleError), ..) => "error",
        (None, Phase::Queued, Status::Running) => "queued",
        (None, _, Status::Running) if record.canceled_by.is_some() => "canceling",
        (None, _, status) => status.as_str(),
    };
    match record.description.check {
        // For a check, the words are shortened.
        true => format!("{} check", if status == "success" { "ok" } else { status }),
        false => status.to_owned(),
    }
}

/// The status's colour.
pub(super) fn colour(status: Status) -> Colour {
    match status {
        Status::Running => Colour::Cyan,
        Status::Success => Colour::Green,
        Status::Failed => Colour::Red,
    }
}

/// How long it took, or how long it has been running or waiting.
pub(super) fn duration(record: &ExecutionResult, clock: &Clock) -> String {
    match (record.duration, record.status) {
        (Some(seconds), _) => show_seconds(seconds),
        (None, Status::Running) => {
            let us = clock.now_us() - record.start_time.timestamp_micros();
            let phase = match record.phase {
                Phase::Queued => "waiting",
                _ => "so far",
            };
            format!("{} {phase}", show_seconds(us.max(0) as f64 / 1e6))
        }
        (None, _) => String::new(),
    }
}

/// How long it took, or has been running, in short.
pub(super) fn short_duration(record: &ExecutionResult, clock: &Clock) -> String {
    match (record.duration, record.status, record.phase) {
        (Some(seconds), ..) => show_seconds(seconds),
        (None, Status::Running, Phase::Queued) => String::new(),
        (None, Status::Running, _) => {
            let us = clock.now_us() - record.start_time.timestamp_micros();
            show_seconds(us.max(0) as f64 / 1e6)
        }
        (None, ..) => String::new(),
    }
}

/// The hosts by outcome, failed and unreachable ones first. Each host counts once: five hosts of which one was changed
/// are "4 ok, 1 changed". Hosts without a known outcome are not reported as ok.
pub(super) fn hosts(record: &ExecutionResult) -> String {
    let (mut failed, mut unreachable, mut ok, mut changed, mut idle) = (0_u64, 0, 0, 0, 0);
    let is_lost = record.reason == Some(Reason::Lost);
    for stats in record.stats.values() {
        let did_nothing = *stats == HostStats::default() && record.status != Status::Success;
        *if stats.failed > 0 {
            &mut failed
        } else if stats.unreachable > 0 {
            &mut unreachable
        } else if stats.changed > 0 {
            &mut changed
        } else if is_lost || did_nothing {
            &mut idle
        } else {
            &mut ok
        } += 1;
    }
    let idle_word = match record.status {
        Status::Running => "waiting",
        _ if is_lost => "unfinished",
        _ => "did nothing",
    };
    let changed_word = match record.description.check {
        true => "would change",
        false => "changed",
    };
    [
        (failed, "failed"),
        (unreachable, "unreachable"),
        (ok, "ok"),
        (changed, changed_word),
        (idle, idle_word),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect::<Vec<_>>()
    .join(", ")
}

/// The options that distinguish a run from others of the same playbook.
pub(super) fn options(record: &ExecutionResult) -> String {
    let started = &record.description;
    let list = |tags: &[String]| (!tags.is_empty()).then(|| tags.join(","));
    [
        ("--check", started.check.then(String::new)),
        (
            "--limit",
            started.limit.clone().filter(|limit| !limit.is_empty()),
        ),
        ("--tags", list(&started.tags)),
        ("--skip-tags", list(&started.skip_tags)),
    ]
    .into_iter()
    .filter_map(|(option, value)| Some((option, value?)))
    .map(|(option, value)| match value.is_empty() {
        true => format!(" {option}"),
        false => format!(" {option} {value}"),
    })
    .collect()
}

/// What ran, with its options, in a given width. The end of a path and the first options are kept.
pub(super) fn shorten(text: &str, width: usize) -> String {
    // Ansible's own short options.
    let text = [
        (" --check", " -C"),
        (" --limit ", " -l "),
        (" --tags ", " -t "),
    ]
    .iter()
    .fold(text.to_owned(), |text, (long, short)| {
        text.replacen(long, short, 1)
    });
    if text.width() <= width {
        return text;
    }
    let (name, options) = text.split_at(text.find(" -").unwrap_or(text.len()));
    let room = width.saturating_sub(options.width().min(width / 2));
    let name = match name.starts_with(ADHOC) {
        true => cut_end(name, room),
        false => cut_front(name, room),
    };
    let room = width.saturating_sub(name.width());
    name + &shorten_options(options, room)
}

/// Options in a given width: the longest is cut first, so that each is visible as long as possible.
fn shorten_options(options: &str, width: usize) -> String {
    let parts = options.split(" -").skip(1);
    let mut parts: Vec<String> = parts.map(|part| format!(" -{part}")).collect();
    loop {
        let whole = parts.concat();
        if whole.width() <= width {
            return whole;
        }
        let longest = parts.iter_mut().max_by_key(|part| part.width());
        match longest.filter(|part| part.width() > SHORTEST) {
            Some(part) => *part = cut_end(part, part.width() - 1),
            None => return cut_end(&whole, width),
        }
    }
}

/// What ran, for each record. Playbooks with the same name in different folders are shown with as many folders as
/// needed to distinguish them.
pub(super) fn names(records: &[ExecutionResult]) -> Vec<String> {
    let shown: Vec<(String, Option<String>)> = records
        .iter()
        .map(|record| (title(record), record.description.cwd.clone()))
        .collect();
    told_apart(&shown)
}

/// Like [`names`], shorter: only the folder that differs.
pub(super) fn short_names(records: &[ExecutionResult]) -> Vec<String> {
    let whole = names(records);
    let short = |(record, name): (&ExecutionResult, String)| {
        let title = title(record);
        let folders = name
            .strip_suffix(&title)
            .and_then(|rest| rest.strip_suffix('/'));
        match folders.and_then(|folders| folders.split_once('/')) {
            Some((first, _)) if !first.is_empty() => format!("{first}/…/{title}"),
            _ => name,
        }
    };
    records.iter().zip(whole).map(short).collect()
}

/// A playbook with its task in brackets, in a given width.
pub(super) fn shorten_task(text: &str, width: usize) -> String {
    let (playbook, task) = text.split_at(text.find(" (").unwrap_or(0));
    let room = width.saturating_sub(task.width()).max(width * 2 / 5);
    let playbook = cut_front(playbook, room);
    let room = width.saturating_sub(playbook.width());
    playbook + &cut_end(task, room)
}

/// Names of files, each with as many folders as needed to distinguish it from others with the same name.
pub(super) fn told_apart(named: &[(String, Option<String>)]) -> Vec<String> {
    let folder = |(name, folder): &(String, Option<String>)| -> Vec<String> {
        let is_relative = !name.starts_with('/') && !name.starts_with(ADHOC);
        let folder = folder
            .as_deref()
            .filter(|_| is_relative && !name.is_empty());
        let parts = folder.unwrap_or_default().split('/');
        parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    // For each name, the folders that contain it.
    let mut folders: HashMap<&str, BTreeSet<Vec<String>>> = HashMap::new();
    for one in named {
        folders.entry(&one.0).or_default().insert(folder(one));
    }
    let tail = |parts: &[String], count: usize| parts[parts.len().saturating_sub(count)..].to_vec();
    named
        .iter()
        .map(|one| {
            let mine = folder(one);
            let all = &folders[one.0.as_str()];
            let like = |count| {
                let others = all.iter().filter(|other| **other != mine);
                others
                    .filter(|other| tail(other, count) == tail(&mine, count))
                    .count()
            };
            let count = (0..=mine.len()).find(|count| *count > 0 && like(*count) == 0);
            match (all.len(), count) {
                (1, _) => one.0.clone(),
                (_, count) => {
                    let parts = tail(&mine, count.unwrap_or(mine.len()));
                    match parts.is_empty() {
                        true => one.0.clone(),
                        false => format!("{}/{}", parts.join("/"), one.0),
                    }
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playbooks_of_the_same_name_are_told_apart_by_their_folders() {
        let named = |list: &[(&str, Option<&str>)]| {
            let list: Vec<_> = list
                .iter()
                .map(|(name, folder)| ((*name).to_owned(), folder.map(str::to_owned)))
                .collect();
            told_apart(&list)
        };
        assert_eq!(
            named(&[
                ("site.yml", Some("/srv/shop/ansible")),
                ("site.yml", Some("/srv/blog/ansible")),
                ("site.yml", Some("/srv/shop/ansible")),
                ("web.yml", Some("/srv/shop/ansible")),
                ("/opt/site.yml", Some("/srv")),
                ("site.yml", None),
            ]),
            [
                "shop/ansible/site.yml",
                "blog/ansible/site.yml",
                "shop/ansible/site.yml",
                "web.yml",
                "/opt/site.yml",
                "site.yml",
            ]
        );
        assert_eq!(
            named(&[("site.yml", Some("/a")), ("site.yml", Some("/b/a"))]),
            ["a/site.yml", "b/a/site.yml"]
        );
        assert_eq!(named(&[("site.yml", Some("/a")); 2]), ["site.yml"; 2]);
    }

    #[test]
    fn what_ran_is_shortened_where_it_tells_least() {
        let text = "projects/shop/site.yml --check --limit web-01 --tags deploy";
        assert_eq!(
            shorten(text, 60),
            "projects/shop/site.yml -C -l web-01 -t deploy"
        );
        assert_eq!(shorten(text, 30), "…/shop/site.yml -C -l w… -t d…");
        let long = "site.yml --limit web-01.frankfurt.example.com --tags db";
        assert_eq!(shorten(long, 33), "site.yml -l web-01.frankfu… -t db");
        assert_eq!(
            shorten("ad-hoc ansible.builtin.setup on all", 20),
            "ad-hoc ansible.buil…"
        );
        let task = "blog/ansible/site.yml (web : Unpack the release)";
        assert_eq!(
            shorten_task(task, 36),
            "…ible/site.yml (web : Unpack the re…"
        );
        for width in 4..60 {
            assert!(shorten(text, width).width() <= width, "{width}");
            assert!(shorten_task(task, width).width() <= width, "{width}");
        }
    }
}
