//! What takes hours or days, with a clock that the test sets: outages, targets that stay away, digests, quiet hours.

use std::time::Duration;

use chrono::{Local, TimeZone as _};
use playback::clock::Clock;
use playback::config::{Config, Overrides};
use playback::history::Costs;
use playback::model::{Changes, DeliveryRow, Moment, Reason, TargetRow, TargetSettings};
use playback::notify::Notifier;
use playback::notify::secrets::TargetSecrets;
use playback::reports::Reports;
use playback::store::dialect::Engine;
use playback::store::{DeliveryFilter, NewTarget, Store};
use playback::work::Runner;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::config;
use super::receiver::{Receiver, Reply};
use crate::builders::TEN;
use crate::harness::DEADLINE;
use crate::servers;
use crate::store::rows::ended;

pub(super) const MINUTE: i64 = 60_000_000;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// A store with its jobs, and the time.
pub(super) struct Site {
    pub(super) store: Store,
    pub(super) clock: Clock,
    notifier: Notifier,
    runner: Runner,
    folder: TempDir,
}

/// Asks until there is an answer.
pub(super) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            // Limits the rate of polling; the loop ends with the answer.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let asked = tokio::time::timeout(DEADLINE, asking).await;
    asked.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

impl Site {
    async fn start() -> Self {
        let text = config("").replace("digest_wait_seconds = 1\n", "");
        Self::with(&text).await
    }

    /// One that looks each second for what did not happen.
    pub(super) async fn looking() -> Self {
        let site = Self::with(&config("")).await;
        // It gives others a moment after its start.
        site.clock.advance(10_000_000);
        site
    }

    async fn with(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let text = text.replace("retry_seconds = 0.05", "retry_seconds = 5");
        std::fs::write(folder.path().join("collector.toml"), text).unwrap();
        let address = servers::database(Engine::Sqlite, folder.path());
        let store = Store::open(&address).await.unwrap();
        Self::of(folder, store, Clock::fixed(TEN))
    }

    /// The same after a stop and a start.
    async fn restarted(self) -> Self {
        self.runner.stop().await;
        Self::of(self.folder, self.store, self.clock)
    }

    fn of(folder: TempDir, store: Store, clock: Clock) -> Self {
        let file = folder.path().join("collector.toml");
        let config = Config::load(Some(&file), Overrides::default()).unwrap();
        let costs = Costs::new(store.clone(), None, Vec::new());
        let reports = Reports::new(store.clone(), costs, clock.clone(), config.reports.clone());
        let notifier = Notifier::new(&config, store.clone(), clock.clone(), reports).unwrap();
        let runner = Runner::new(store.clone(), Clock::system(), CancellationToken::new());
        let (expansion, deliveries) = notifier.jobs();
        runner.add(expansion);
        runner.add(deliveries);
        Self {
            store,
            clock,
            notifier,
            runner,
            folder,
        }
    }

    /// Sets a webhook that goes to the receiver.
    pub(super) async fn webhook(&self, receiver: &Receiver, more: Value) {
        let mut json = json!({
            "kind": "webhook", "url": receiver.url(), "rules": [{ "on": ["failed"] }],
            "signing_secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="],
        });
        json.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.set(json).await;
    }

    async fn set(&self, json: Value) {
        let mut settings: TargetSettings = serde_json::from_value(json).unwrap();
        let secrets = TargetSecrets::taken(&mut settings, TargetSecrets::default());
        let target = NewTarget {
            name: "ops".to_owned(),
            sealed: secrets.seal(self.notifier.keys(), "ops").unwrap(),
            settings,
            address: String::new(),
            is_from_file: false,
            changed_us: self.clock.now_us(),
        };
        assert!(self.store.put_target(&target, |_| None).await.unwrap());
    }

    /// Commits the ends of runs that failed now, as ingestion does.
    async fn fail(&self, playbooks: &[String]) {
        self.end(playbooks, Some(Reason::TaskFailed)).await;
    }

    /// The same of runs that failed for a reason, or succeeded.
    async fn end(&self, playbooks: &[String], reason: Option<Reason>) {
        let now_us = self.clock.now_us();
        let changes: Vec<Changes> = playbooks
            .iter()
            .map(|playbook| {
                let description = json!({ "type": "playbook", "playbook": playbook });
                let row = ended(now_us, description, reason);
                Changes {
                    moment: Some(Moment {
                        name: Moment::name_of(&row).unwrap().to_owned(),
                        noted_us: now_us,
                    }),
                    execution: Some(Box::new(row)),
                    ..Changes::default()
                }
            })
            .collect();
        for changes in changes.chunks(200) {
            self.store.commit(changes).await.unwrap();
        }
    }

    pub(super) async fn fail_one(&self, playbook: &str) {
        self.fail(&[playbook.to_owned()]).await;
    }

    async fn succeed(&self, playbook: &str) {
        self.end(&[playbook.to_owned()], None).await;
    }

    /// Waits until everybody who is to be told is known.
    pub(super) async fn expanded(&self) {
        until("the outbox to be empty", async || {
            let pending = self.store.pending_moments(1).await.unwrap();
            pending.is_empty().then_some(())
        })
        .await;
    }

    /// All deliveries, the oldest first.
    pub(super) async fn deliveries(&self) -> Vec<DeliveryRow> {
        let all = self
            .store
            .deliveries(&DeliveryFilter::default(), 1000)
            .await;
        let mut all: Vec<DeliveryRow> = all.unwrap().into_iter().map(|one| one.row).collect();
        all.reverse();
        all
    }

    pub(super) async fn target(&self) -> TargetRow {
        self.store.target("ops").await.unwrap().unwrap()
    }

    /// Waits until so many attempts were made in all.
    pub(super) async fn attempts(&self, count: u32) -> Vec<DeliveryRow> {
        until("attempts", async || {
            let all = self.deliveries().await;
            let made: u32 = all.iter().map(|one| one.attempts).sum();
            (made >= count).then_some(all)
        })
        .await
    }

    pub(super) async fn stop(self) {
        self.runner.stop().await;
        self.store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_hour_of_500_everything_arrives_in_its_order() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    receiver.reply(Reply::Status(500));
    site.webhook(&receiver, json!({})).await;
    site.fail_one("a.yml").await;
    site.attempts(1).await;
    site.fail_one("b.yml").await;
    site.expanded().await;
    let begun_us = site.clock.now_us();
    let mut attempts = 1;
    while site.clock.now_us() < begun_us + HOUR {
        // Nothing is tried before its time.
        let retry_us = site.target().await.retry_us.unwrap();
        let due_us = site
            .deliveries()
            .await
            .iter()
            .map(|one| one.due_us)
            .min()
            .unwrap();
        site.clock
            .advance(retry_us.max(due_us) - site.clock.now_us());
        attempts += 1;
        site.attempts(attempts).await;
    }
    assert!((8..40).contains(&attempts), "{attempts}");
    assert_eq!(receiver.received().len(), attempts as usize);
    receiver.reply(Reply::Status(204));
    site.clock.advance(2 * HOUR);
    let all = until("everything to arrive", async || {
        let all = site.deliveries().await;
        all.iter().all(|one| one.done_us.is_some()).then_some(all)
    })
    .await;
    assert_eq!(all.len(), 2);
    let received = receiver.received();
    let last: Vec<Value> = received[received.len() - 2..]
        .iter()
        .map(|one| one.json())
        .collect();
    assert_eq!(last[0]["data"]["run"]["name"], "a.yml");
    assert_eq!(last[1]["data"]["run"]["name"], "b.yml");
    let ids: std::collections::BTreeSet<&str> = received
        .iter()
        .map(|one| one.header("webhook-id"))
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(site.target().await.failing_since_us.is_none());
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_given_up_after_a_day_and_a_target_after_three() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    receiver.reply(Reply::Close);
    site.webhook(&receiver, json!({})).await;
    site.fail_one("a.yml").await;
    site.attempts(1).await;
    site.clock.advance(25 * HOUR);
    let given_up = site.attempts(2).await;
    assert_eq!(given_up[0].state.as_str(), "failed");
    assert!(site.target().await.is_on());
    site.clock.advance(48 * HOUR);
    site.fail_one("b.yml").await;
    site.attempts(3).await;
    let off = until("the target to be switched off", async || {
        site.target().await.off
    })
    .await;
    assert!(
        off.0.contains("every attempt failed since 2026-01-20"),
        "{off:?}"
    );
    // What waits for it is given up.
    site.clock.advance(HOUR);
    let all = until("what waits to be given up", async || {
        let all = site.deliveries().await;
        all.iter()
            .all(|one| one.state.as_str() == "failed")
            .then_some(all)
    })
    .await;
    assert_eq!(all.len(), 2);
    let entries = site.store.audit_trail(0).await.unwrap();
    let told: Vec<(&str, &str, &str)> = entries
        .iter()
        .map(|entry| (&*entry.action, &*entry.object, &*entry.actor))
        .collect();
    let first = format!("delivery:{}", given_up[0].uuid);
    assert_eq!(
        told,
        [
            ("give_up_delivery", &*first, "schedule"),
            ("switch_off_target", "target:ops", "schedule"),
            ("give_up_delivery", "target:ops", "schedule"),
        ]
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_collected_and_told_together() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    site.webhook(&receiver, json!({ "digest_minutes": 10 }))
        .await;
    site.fail_one("a.yml").await;
    site.fail_one("a.yml").await;
    site.fail_one("b.yml").await;
    site.expanded().await;
    site.clock.advance(9 * MINUTE);
    site.fail_one("b.yml").await;
    site.expanded().await;
    assert_eq!(receiver.received().len(), 0);
    site.clock.advance(2 * MINUTE);
    site.attempts(1).await;
    let digest = receiver.received().remove(0).json();
    assert_eq!(digest["type"], "digest");
    let digest = &digest["data"]["digest"];
    assert_eq!(digest["events"], 4);
    let groups = json!([
        { "trigger": "failed", "playbook": "a.yml", "events": 2 },
        { "trigger": "failed", "playbook": "b.yml", "events": 2 },
    ]);
    assert_eq!(digest["groups"], groups);
    assert_eq!(digest["runs"].as_array().unwrap().len(), 4);
    // One alone is no digest.
    site.fail_one("c.yml").await;
    site.expanded().await;
    site.clock.advance(11 * MINUTE);
    site.attempts(2).await;
    assert_eq!(receiver.received().remove(1).kind(), "run.failed");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_end_with_what_happened_in_them() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    let local = |us: i64| {
        let at = Local.timestamp_micros(us).unwrap();
        at.format("%H:%M").to_string()
    };
    let quiet = json!([{ "from": local(TEN - HOUR), "to": local(TEN + HOUR) }]);
    site.webhook(&receiver, json!({ "quiet": quiet })).await;
    site.fail_one("a.yml").await;
    site.fail_one("b.yml").await;
    site.expanded().await;
    site.clock.advance(50 * MINUTE);
    site.fail_one("c.yml").await;
    site.expanded().await;
    assert_eq!(receiver.received().len(), 0);
    site.clock.advance(11 * MINUTE);
    site.attempts(1).await;
    let digest = receiver.received().remove(0).json();
    assert_eq!(digest["data"]["digest"]["events"], 3);
    site.fail_one("d.yml").await;
    site.attempts(2).await;
    assert_eq!(receiver.received().remove(1).kind(), "run.failed");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_failures_within_a_minute_are_a_few_messages() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    site.webhook(&receiver, json!({ "max_per_hour": 5 })).await;
    let playbooks: Vec<String> = (0..10_000).map(|at| format!("{}.yml", at % 50)).collect();
    site.fail(&playbooks).await;
    site.expanded().await;
    site.attempts(5).await;
    assert_eq!(site.deliveries().await.len(), 5);
    site.clock.advance(6 * MINUTE);
    let all = site.attempts(6).await;
    assert_eq!(all.len(), 6);
    let received = receiver.received();
    assert_eq!(received.len(), 6);
    let digest = received[5].json();
    assert_eq!(digest["data"]["title"], "9995 events");
    let digest = &digest["data"]["digest"];
    assert_eq!(digest["events"], 9995);
    let groups = digest["groups"].as_array().unwrap();
    let listed: u64 = groups
        .iter()
        .map(|group| group["events"].as_u64().unwrap())
        .sum();
    assert_eq!(listed + digest["left_out"].as_u64().unwrap(), 9995);
    assert!(
        received[5].body.len() < 20_000,
        "{}",
        received[5].body.len()
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_again_is_not_told_again() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    site.webhook(&receiver, json!({})).await;
    site.fail_one("a.yml").await;
    site.attempts(1).await;
    let listed = site
        .store
        .deliveries(&DeliveryFilter::default(), 1)
        .await
        .unwrap();
    let id = listed[0].execution.unwrap();
    let (_, row) = site.store.execution(id).await.unwrap().unwrap();
    let again = Changes {
        moment: Some(Moment {
            name: "task_failed".to_owned(),
            noted_us: site.clock.now_us(),
        }),
        execution: Some(Box::new(row)),
        ..Changes::default()
    };
    site.store.commit(&[again]).await.unwrap();
    site.fail_one("b.yml").await;
    site.attempts(2).await;
    assert_eq!(site.deliveries().await.len(), 2);
    site.stop().await;
}

/// A message fails, and the next one about the same playbook is made while the target is left alone: whichever of them is
/// due first, they arrive in their order.
#[tokio::test(flavor = "multi_thread")]
async fn what_broke_is_told_before_its_recovery_whatever_failed_meanwhile() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    let rules = json!([{ "on": ["broke", "recovered"] }]);
    site.webhook(&receiver, json!({ "rules": rules })).await;
    site.succeed("site.yml").await;
    site.clock.advance(MINUTE);
    receiver.reply(Reply::Status(503));
    site.fail_one("site.yml").await;
    site.attempts(1).await;
    site.clock.advance(MINUTE / 60);
    site.succeed("site.yml").await;
    let all = until("both messages", async || {
        let all = site.deliveries().await;
        (all.len() == 2).then_some(all)
    })
    .await;
    // The second one is due at once, and waits for the first.
    let target = site.target().await.id;
    assert!(all[1].due_us < all[0].due_us);
    let due = site
        .store
        .due_deliveries(target, all[0].due_us - 1, 20)
        .await;
    assert!(due.unwrap().is_empty());
    receiver.reply(Reply::Status(204));
    site.clock.advance(MINUTE);
    site.attempts(3).await;
    let received = receiver.received();
    let kinds: Vec<String> = received.iter().map(|one| one.kind()).collect();
    assert_eq!(kinds, ["run.broke", "run.broke", "run.recovered"]);
    site.stop().await;
}

/// A digest that fails delays later messages about its playbooks.
#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_fails_is_told_before_what_came_later() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    site.webhook(&receiver, json!({ "max_per_hour": 1 })).await;
    site.fail_one("other.yml").await;
    site.attempts(1).await;
    site.fail(&["site.yml".to_owned(), "third.yml".to_owned()])
        .await;
    site.expanded().await;
    receiver.reply(Reply::Status(503));
    site.clock.advance(6 * MINUTE);
    site.attempts(2).await;
    site.clock.advance(61 * MINUTE);
    let digest = site.attempts(3).await.remove(1);
    let target = site.target().await.id;
    site.fail_one("site.yml").await;
    let all = until("the next message", async || {
        let all = site.deliveries().await;
        (all.len() == 3).then_some(all)
    })
    .await;
    assert!(all[2].due_us < digest.due_us);
    let due = site
        .store
        .due_deliveries(target, digest.due_us - 1, 20)
        .await;
    assert!(due.unwrap().is_empty());
    receiver.reply(Reply::Status(204));
    site.clock.advance(2 * HOUR);
    site.attempts(5).await;
    let received = receiver.received();
    let told: Vec<String> = received.iter().map(|one| one.kind()).collect();
    assert_eq!(
        told,
        ["run.failed", "digest", "digest", "digest", "run.failed"]
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_collected_outlasts_a_restart() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    site.webhook(&receiver, json!({ "digest_minutes": 10 }))
        .await;
    site.fail_one("a.yml").await;
    site.expanded().await;
    site.clock.advance(4 * MINUTE);
    let site = site.restarted().await;
    site.fail_one("b.yml").await;
    site.expanded().await;
    site.clock.advance(4 * MINUTE);
    let site = site.restarted().await;
    assert_eq!(receiver.received().len(), 0);
    // Ten minutes after the first of them.
    site.clock.advance(3 * MINUTE);
    site.attempts(1).await;
    let digest = receiver.received().remove(0).json();
    assert_eq!(digest["data"]["digest"]["events"], 2);
    let site = site.restarted().await;
    site.fail_one("c.yml").await;
    site.expanded().await;
    site.clock.advance(11 * MINUTE);
    site.attempts(2).await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].kind(), "run.failed");
    site.stop().await;
}

/// PagerDuty gets incidents one by one, so a storm is the last word of each playbook, and no queue of days.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_is_one_incident_of_each_playbook() {
    let site = Site::start().await;
    let receiver = Receiver::start();
    let rules = json!([{ "on": ["failed", "recovered"] }]);
    site.set(json!({
        "kind": "pagerduty", "url": receiver.url(), "token": "key", "max_per_hour": 3, "rules": rules,
    }))
    .await;
    let playbooks: Vec<String> = (0..200).map(|at| format!("{}.yml", at % 4)).collect();
    site.fail(&playbooks).await;
    site.expanded().await;
    site.attempts(3).await;
    // One of them works again before it is told that it does not.
    site.clock.advance(MINUTE);
    site.succeed("3.yml").await;
    site.expanded().await;
    assert_eq!(site.deliveries().await.len(), 3);
    site.clock.advance(61 * MINUTE);
    site.attempts(6).await;
    site.clock.advance(61 * MINUTE);
    site.attempts(7).await;
    let received = receiver.received();
    let told: Vec<(String, String)> = received[3..]
        .iter()
        .map(|one| {
            let json = one.json();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (
                text(&json["event_action"]),
                text(&json["payload"]["component"]),
            )
        })
        .collect();
    let trigger = |name: &str| ("trigger".to_owned(), name.to_owned());
    let resolve = ("resolve".to_owned(), "3.yml".to_owned());
    assert_eq!(
        told,
        [
            trigger("0.yml"),
            trigger("1.yml"),
            trigger("2.yml"),
            resolve
        ]
    );
    let keys: std::collections::BTreeSet<String> = received
        .iter()
        .map(|one| one.json()["dedup_key"].to_string())
        .collect();
    assert_eq!(keys.len(), 4);
    // Nothing is left.
    site.clock.advance(61 * MINUTE);
    site.expanded().await;
    let target = site.target().await.id;
    assert!(site.store.held_events_of(target).await.unwrap().is_empty());
    assert_eq!(site.deliveries().await.len(), 7);
    site.stop().await;
}
