//! `playback hosts` lists hosts, `playback host` shows one: its runs, what changed it, its facts.
//!
//! - `list`, `one`: the two commands
//! - `facts`: the facts of a host, and how they changed
//! - `groups`: the groups that it belonged to
//! - `entries`: lists of the API, page by page

mod entries;
mod facts;
mod groups;
mod list;
mod one;

pub(super) use list::{Hosts, run as list};
pub(super) use one::{Host, run as show};

use std::fmt::Write as _;

use playback_wire::{ExecutionType, HostStats};

use crate::model::{HostRun, HostStatus};

/// The path of a host in the API. Inventory names may contain any character.
fn path(name: &str) -> String {
    let is_relative = matches!(name, "." | "..");
    let mut path = "/hosts/".to_owned();
    for byte in name.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.');
        if is_plain && !is_relative {
            path.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// The name of the playbook or module.
fn title(run: &HostRun) -> String {
    match run.r#type {
        ExecutionType::Playbook => run.playbook.clone().unwrap_or_default(),
        ExecutionType::Adhoc => {
            let module = run.module.as_deref().unwrap_or("?");
            let hosts = run.hosts.as_deref().unwrap_or("?");
            format!("ad-hoc {module} on {hosts}")
        }
    }
}

/// The status of a host in a run, and how much it changed there.
fn status(run: &HostRun) -> String {
    let HostStats { changed, .. } = run.stats;
    let status = match run.check {
        true => format!("{} (check)", run.status.as_str()),
        false => run.status.as_str().to_owned(),
    };
    match (changed, run.check) {
        (0, _) => status,
        (count, false) => format!("{status}, {count} changed"),
        (count, true) => format!("{status}, {count} would change"),
    }
}

/// Whether a host failed or was unreachable.
fn is_bad(status: HostStatus) -> bool {
    matches!(status, HostStatus::Failed | HostStatus::Unreachable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_has_a_path_of_its_own() {
        for (name, expected) in [
            ("web-01.example.org", "/hosts/web-01.example.org"),
            ("rack/7?x=1#2", "/hosts/rack%2F7%3Fx%3D1%232"),
            ("hôte 1%", "/hosts/h%C3%B4te%201%25"),
            ("..", "/hosts/%2E%2E"),
        ] {
            assert_eq!(path(name), expected);
        }
    }
}
