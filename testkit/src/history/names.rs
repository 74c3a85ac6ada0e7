//! The names in a history, and how often each occurs.

use super::Random;

/// How many playbooks a site has.
pub const PLAYBOOKS: u64 = 200;

/// How many hosts it has, beside those that are named below.
pub const HOSTS: u64 = 500;

/// A host that takes part in every third execution.
pub const HOST_EVERYWHERE: &str = "gateway";

/// How many hosts and labels there are that hardly ever occur: each in one of `RARE * RARELY` executions.
pub const RARE: u64 = 20;
/// One of them occurs in one of this many executions.
pub const RARELY: u64 = 500;

/// The first ones more often.
pub const INVENTORIES: &[&str] = &[
    "inventories/prod/hosts.yml",
    "inventories/staging/hosts.ini",
    "inventories/test/lab.ini",
    "inventories/dr/site-b.yml",
    "inventories/edge/branches.yml",
    "inventories/old/2019.ini",
];

/// The first ones more often.
pub const USERS: &[&str] = &[
    "ci", "deploy", "ann", "bob", "carla", "dmitri", "eva", "farid", "greta", "hugo", "ines", "jan",
];

/// The first ones more often.
pub const CONTROLLERS: &[&str] = &["ctl-1", "ctl-2", "ctl-3", "laptop-eva", "ctl-old"];

/// Each with how many of a hundred executions carry it.
pub const LABELS: &[(&str, u64)] = &[
    ("prod", 60),
    ("nightly", 40),
    ("team-web", 12),
    ("team-db", 7),
    ("canary", 2),
];

/// Path of a playbook, by its number; small numbers are frequent.
pub fn playbook(number: u64) -> String {
    const AREAS: [&str; 5] = ["web", "database", "network", "base", "backup"];
    const VERBS: [&str; 4] = ["deploy", "patch", "check", "rotate"];
    let (area, verb) = (AREAS[number as usize % 5], VERBS[number as usize % 4]);
    format!("playbooks/{area}/{verb}-{area}-{number:03}.yml")
}

/// A host of which there are many.
pub fn host(number: u64) -> String {
    format!("web{number:03}.example.org")
}

/// A host that hardly ever takes part.
pub fn rare_host(number: u64) -> String {
    format!("legacy-{number:02}")
}

/// A label that is hardly ever given.
pub fn rare_label(number: u64) -> String {
    format!("incident-{number:02}")
}

/// The note of a user.
pub fn note(number: u64) -> String {
    format!("Change request CHG-{number:05}: as discussed")
}

/// `count` hosts on which this playbook runs: often the same ones.
pub(super) fn hosts_of(playbook: u64, count: usize, random: &mut Random) -> Vec<String> {
    let first = playbook * 37 + random.below(3) * 10;
    let mut names: Vec<String> = (0..count as u64)
        .map(|number| host((first + number) % HOSTS))
        .collect();
    let last = count.saturating_sub(1);
    if let Some(name) = names.get_mut(last) {
        if random.below(3) == 0 {
            HOST_EVERYWHERE.clone_into(name);
        } else if random.below(RARELY) == 0 {
            *name = rare_host(random.below(RARE));
        }
    }
    names
}
