//! T5: queries of a large history.

use anyhow::{Context as _, Result};
use chrono::DateTime;

use crate::asking::{Asker, encoded};
use crate::fill::Filled;
use crate::history::names::{
    self, CONTROLLERS, HOST_EVERYWHERE, HOSTS, INVENTORIES, LABELS, PLAYBOOKS, RARE, USERS,
};
use crate::history::{Random, SPAN_US};

const LIST: &str = "/api/v1/ansible/executions";

/// One kind of question, and how long 99 of 100 answers may take.
pub(crate) struct Question {
    pub(crate) name: &'static str,
    /// In milliseconds; nothing where there is no target.
    pub(crate) wanted: Option<f64>,
    ask: fn(&Facts, &mut Random) -> String,
}

/// What is facts of the history that is asked about.
pub(crate) struct Facts {
    filled: Filled,
    /// Pages that begin anywhere.
    cursors: Vec<String>,
    /// Executions from anywhere, failed ones, and of these some that have an earlier success to be compared with.
    ids: Vec<String>,
    failed: Vec<String>,
    comparable: Vec<String>,
}

/// Executions to be compared: as many as make each question another one.
const COMPARABLE: usize = 50;

impl Facts {
    pub(crate) fn learn(asker: &Asker, filled: Filled) -> Result<Self> {
        let mut random = Random::seeded(5);
        let mut facts = Self {
            filled,
            cursors: Vec::new(),
            ids: Vec::new(),
            failed: Vec::new(),
            comparable: Vec::new(),
        };
        for _ in 0..100 {
            let until = time(facts.any_time(&mut random));
            let page = asker.json(&format!("{LIST}?end_date={until}&limit=50"))?;
            if let Some(cursor) = page["next_cursor"].as_str() {
                facts.cursors.push(cursor.to_owned());
            }
            let executions = page["executions"].as_array().context("no executions")?;
            let ids = executions.iter().filter_map(|of| of["id"].as_str());
            facts.ids.extend(ids.map(str::to_owned).step_by(10));
            let page = asker.json(&format!("{LIST}?end_date={until}&status=failed&limit=5"))?;
            let executions = page["executions"].as_array().context("no executions")?;
            let ids = executions.iter().filter_map(|of| of["id"].as_str());
            facts.failed.extend(ids.map(str::to_owned));
        }
        let has_success = |id: &&String| asker.json(&format!("{LIST}/{id}/compare")).is_ok();
        let comparable = facts.failed.iter().filter(has_success);
        facts.comparable = comparable.take(COMPARABLE).cloned().collect();
        anyhow::ensure!(
            !facts.comparable.is_empty(),
            "no failed run has an earlier success"
        );
        Ok(facts)
    }

    fn any_time(&self, random: &mut Random) -> i64 {
        self.filled.newest_us - random.below(SPAN_US as u64 * 9 / 10) as i64
    }
}

/// Everything that is asked.
pub(crate) const QUESTIONS: &[Question] = &[
    Question {
        name: "first page",
        wanted: Some(5.0),
        ask: |_, random| format!("{LIST}?limit={}", 45 + random.below(6)),
    },
    Question {
        name: "deep page by cursor",
        wanted: Some(5.0),
        ask: |facts, random| format!("{LIST}?cursor={}", one(&facts.cursors, random)),
    },
    Question {
        name: "detail, with its output",
        wanted: Some(5.0),
        ask: |facts, random| format!("{LIST}/{}", one(&facts.ids, random)),
    },
    Question {
        name: "month statistics",
        wanted: Some(50.0),
        ask: |_, _| format!("{LIST}/stats?period=month"),
    },
    filter("status=success", |_, random| {
        format!("status=success&limit={}", 45 + random.below(6))
    }),
    filter("status=failed", |_, random| {
        format!("status=failed&limit={}", 45 + random.below(6))
    }),
    filter("status=running, none", |_, _| "status=running".to_owned()),
    filter("type=adhoc", |_, random| {
        format!("type=adhoc&limit={}", 45 + random.below(6))
    }),
    filter("playbook by path", |_, random| {
        playbook(random, |path| path.to_owned())
    }),
    filter("playbook by name", |_, random| {
        playbook(random, |path| {
            path.rsplit('/').next().unwrap_or(path).to_owned()
        })
    }),
    filter("inventory", |_, random| {
        let inventory = INVENTORIES[random.below(INVENTORIES.len() as u64) as usize];
        format!("inventory={}", encoded(inventory))
    }),
    filter("host in every third", |_, _| {
        format!("host={HOST_EVERYWHERE}")
    }),
    filter("host", |_, random| {
        format!("host={}", names::host(random.below(HOSTS)))
    }),
    filter("rare host", |_, random| {
        format!("host={}", names::rare_host(random.below(RARE)))
    }),
    filter("label on most", |_, _| format!("label={}", LABELS[0].0)),
    filter("label", |_, random| {
        let label = LABELS[2 + random.below(LABELS.len() as u64 - 2) as usize].0;
        format!("label={label}")
    }),
    filter("rare label", |_, random| {
        format!("label={}", names::rare_label(random.below(RARE)))
    }),
    filter("user", |_, random| {
        format!("user={}", USERS[random.below(USERS.len() as u64) as usize])
    }),
    filter("controller", |_, random| {
        let controller = CONTROLLERS[random.below(CONTROLLERS.len() as u64) as usize];
        format!("controller={controller}")
    }),
    filter("changed", |_, random| {
        format!("changed={}", random.below(2) == 0)
    }),
    filter("reason", |_, random| {
        let reasons = [
            "task_failed",
            "unreachable",
            "canceled",
            "timed_out",
            "lost",
        ];
        format!("reason={}", reasons[random.below(5) as usize])
    }),
    filter("reason, none", |_, _| "reason=launch_error".to_owned()),
    filter("dates", |facts, random| {
        let from_us = facts.any_time(random);
        let to_us = from_us + random.below(SPAN_US as u64 / 50) as i64;
        format!("start_date={}&end_date={}", time(from_us), time(to_us))
    }),
    filter("oldest first", |_, random| {
        format!("order=asc&limit={}", 45 + random.below(6))
    }),
    filter("min_duration, 1 of 70", |_, random| {
        format!("min_duration={}", 600 + random.below(60))
    }),
    filter("min_duration, hardly any", |_, random| {
        format!("min_duration={}", 20_000 + random.below(600))
    }),
    filter("q, found often", |_, random| {
        let words = ["deploy", "rotate", "base", "prod"];
        format!("q={}", words[random.below(4) as usize])
    }),
    filter("q, found rarely", |_, random| {
        format!("q=chg-{:04}", random.below(1_000))
    }),
    filter("q, not found", |_, random| {
        format!("q=nothing-{}", random.below(1_000))
    }),
    filter("failed of a playbook", |_, random| {
        let playbook = playbook(random, |path| path.to_owned());
        format!("status=failed&{playbook}")
    }),
    filter("failed on a host", |_, random| {
        format!("status=failed&host={}", names::host(random.below(HOSTS)))
    }),
    filter("status=success, until a time", |facts, random| {
        let to_us = facts.any_time(random);
        format!("status=success&end_date={}", time(to_us))
    }),
    filter("inventory and status, until a time", |facts, random| {
        let inventory = INVENTORIES[random.below(INVENTORIES.len() as u64) as usize];
        let to_us = facts.any_time(random);
        let (inventory, until) = (encoded(inventory), time(to_us));
        format!("inventory={inventory}&status=success&end_date={until}")
    }),
    filter("user on a host in every third", |_, random| {
        let user = USERS[random.below(USERS.len() as u64) as usize];
        format!("user={user}&host={HOST_EVERYWHERE}")
    }),
    filter("changed a host", |_, random| {
        format!("changed=true&host={}", names::host(random.below(HOSTS)))
    }),
    filter("failed, or of a user", |_, random| {
        let user = USERS[random.below(USERS.len() as u64) as usize];
        format!("q={}", encoded(&format!("status:failed OR user:{user}")))
    }),
    filter("one of two words", |_, random| {
        let (one, other) = (random.below(1_000), random.below(1_000));
        format!("q={}", encoded(&format!("chg-{one:04} OR chg-{other:04}")))
    }),
    question("explanation of a failed run", 300.0, |facts, random| {
        format!("{LIST}/{}/explain", one(&facts.failed, random))
    }),
    question(
        "comparison with the last success",
        1_000.0,
        |facts, random| format!("{LIST}/{}/compare", one(&facts.comparable, random)),
    ),
    question("trends of a playbook", 1_000.0, |_, random| {
        let playbook = playbook(random, |path| path.to_owned());
        format!("/api/v1/ansible/trends?{playbook}")
    }),
    question("trends of everything", 1_000.0, |_, _| {
        "/api/v1/ansible/trends".to_owned()
    }),
    question("hosts, first page", 50.0, |_, random| {
        format!("/api/v1/ansible/hosts?limit={}", 45 + random.below(6))
    }),
    question("a host", 50.0, |_, random| {
        format!("/api/v1/ansible/hosts/{}", names::host(random.below(HOSTS)))
    }),
    question("runs of a host", 50.0, |_, random| {
        let host = names::host(random.below(HOSTS));
        format!("/api/v1/ansible/hosts/{host}/runs")
    }),
    question("changes of a host", 50.0, |_, random| {
        let host = names::host(random.below(HOSTS));
        format!("/api/v1/ansible/hosts/{host}/changes")
    }),
    Question {
        name: "/metrics",
        wanted: None,
        ask: |_, _| "/metrics".to_owned(),
    },
];

const fn question(
    name: &'static str,
    wanted: f64,
    ask: fn(&Facts, &mut Random) -> String,
) -> Question {
    Question {
        name,
        wanted: Some(wanted),
        ask,
    }
}

const fn filter(name: &'static str, ask: fn(&Facts, &mut Random) -> String) -> Question {
    Question {
        name,
        wanted: Some(10.0),
        ask,
    }
}

impl Question {
    /// The next request of this kind.
    pub(crate) fn next(&self, facts: &Facts, random: &mut Random) -> String {
        let asked = (self.ask)(facts, random);
        if asked.starts_with('/') {
            return asked;
        }
        format!("{LIST}?{asked}")
    }
}

fn playbook(random: &mut Random, written: fn(&str) -> String) -> String {
    let path = names::playbook(random.skewed(PLAYBOOKS));
    format!("playbook={}", encoded(&written(&path)))
}

fn one<'v>(values: &'v [String], random: &mut Random) -> &'v str {
    let number = random.below(values.len().max(1) as u64) as usize;
    values.get(number).map_or("", String::as_str)
}

fn time(us: i64) -> String {
    let time = DateTime::from_timestamp_micros(us).unwrap_or_default();
    encoded(&time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}
