//! Starts queued runs and supervises started ones.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use playback_spool::{AdoptOptions, SenderConfig, deliver_orphans, orphans};
use playback_wire::{EndReason, ExecutionEnded, Launched};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::folder::{RunFolder, Supervisor};
use super::supervisors::{self, Start};
use super::{LaunchError, Launcher, errands, recorder};
use crate::auth::{Scope, Scopes, token};
use crate::ingest::{Announcement, StoredWith};
use crate::model::{LaunchRow, LaunchState, Phase, Status};
use crate::store::TokenRow;
use crate::work::{Every, Job, JobError, Outcome, Retry, StopPhase, Turn};
use playback_supervisor::account::Account;

/// Interval for checking runs whose end was not reported.
const TICK: Duration = Duration::from_secs(1);

/// Time that a starting supervisor may take until it accepts signals.
const START_UP: Duration = Duration::from_secs(10);

/// How much longer than its run a run's token is valid, so that remaining events can be delivered.
const TOKEN_EXTRA_SECONDS: u64 = 86_400;

/// Starts queued runs and supervises started ones.
#[derive(Debug)]
pub struct LaunchQueue {
    launcher: Launcher,
    /// The collector's address for runs.
    url: String,
    tick: Every,
    feed: broadcast::Receiver<Option<Uuid>>,
    /// The last change from the feed; an inner none means that it is unknown which execution changed.
    heard: Option<Option<Uuid>>,
    has_found_again: bool,
}

impl Job for LaunchQueue {
    const NAME: &'static str = "launch_queue";
    const PHASE: StopPhase = StopPhase::Initiating;
    const RETRY: Retry = Retry::WhenDue;

    async fn due(&mut self) {
        if !self.has_found_again {
            return self.tick.due().await;
        }
        loop {
            tokio::select! {
                () = self.tick.due() => return,
                () = self.launcher.inner.wake.notified() => return,
                changed = self.feed.recv() => {
                    let changed = changed.ok().flatten();
                    // The feed tells of every execution; only ours are worth a turn.
                    if changed.is_none_or(|id| self.launcher.launched().contains_key(&id)) {
                        self.heard = Some(changed);
                        return;
                    }
                }
            }
        }
    }

    async fn run(&mut self, _: &Turn) -> Result<Outcome, JobError> {
        if !self.has_found_again {
            self.launcher.find_again(&self.url).await?;
            self.has_found_again = true;
        }
        if let Some(changed) = self.heard.take() {
            self.launcher.hear(changed).await;
            return Ok(Outcome::Idle);
        }
        let is_anything_there = self.launcher.step(&self.url).await?;
        Ok(if is_anything_there {
            Outcome::Done
        } else {
            Outcome::Idle
        })
    }
}

impl Launcher {
    /// The queue as a background job; none if nothing is launched. `url` is the collector's address for runs, if none
    /// is configured. Needs a runtime.
    #[must_use]
    pub fn queue(&self, url: String) -> Option<LaunchQueue> {
        self.inner.runs.as_ref()?;
        Some(LaunchQueue {
            url: self.inner.config.url.clone().unwrap_or(url),
            tick: Every::at_once(TICK),
            feed: self.inner.hub.feed(),
            launcher: self.clone(),
            heard: None,
            has_found_again: false,
        })
    }

    /// Checks all runs, and starts those whose turn it is; returns whether any is running or queued.
    async fn step(&self, url: &str) -> Result<bool, LaunchError> {
        let launched: Vec<Uuid> = self.launched().keys().copied().collect();
        for id in launched {
            // A run that cannot be checked must not block the others.
            if let Err(error) = self.look_after(id, url).await {
                tracing::warn!(execution = %id, %error, "a launched run could not be looked after");
            }
        }
        self.start_queued(url).await?;
        let running = self.launched().len();
        let queued = self.inner.store.queued_launches().await?;
        // Both fit a float for centuries.
        #[allow(clippy::cast_precision_loss)]
        {
            metrics::gauge!("playback_launches_running").set(running as f64);
            metrics::gauge!("playback_launches_queued").set(queued as f64);
        }
        Ok(running > 0 || queued > 0)
    }

    /// Checks whether a user, perhaps through another collector, asked to cancel a run of ours; all of them if it is
    /// unknown which changed.
    async fn hear(&self, changed: Option<Uuid>) {
        let of_ours: Vec<Uuid> = {
            let launched = self.launched();
            let ids = launched.keys().copied();
            ids.filter(|id| changed.is_none_or(|changed| changed == *id))
                .collect()
        };
        for id in of_ours {
            match self.inner.store.execution(id).await {
                Ok(Some((_, row))) if row.canceled_by.is_some() => {
                    if let Some(run) = self.run_folder(id) {
                        supervisors::terminate(&run);
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(execution = %id, %error, "a run could not be checked");
                }
            }
        }
    }

    fn run_folder(&self, id: Uuid) -> Option<RunFolder> {
        Some(RunFolder::of(self.inner.runs.as_deref()?, id))
    }

    /// After a start: finds out which runs are running, which never began, and which ended without us.
    async fn find_again(&self, url: &str) -> Result<(), LaunchError> {
        let inner = &self.inner;
        let Some(runs) = &inner.runs else {
            return Ok(());
        };
        let launched = inner
            .store
            .launches(LaunchState::Launched, inner.name.as_deref(), u32::MAX)
            .await?;
        for row in launched {
            self.launched()
                .insert(row.id, row.parameters.playbook.clone());
            let Some(run) = self.run_folder(row.id) else {
                continue;
            };
            match run.supervisor() {
                // The collector ended after taking the run from the queue and before starting it.
                Supervisor::NotStarted => self.start(&row, url).await?,
                Supervisor::Alive(_) => {
                    let found = inner.store.execution(row.id).await?;
                    if found.is_some_and(|(_, row)| row.canceled_by.is_some()) {
                        // It is unknown whether the supervisor got the signal before we ended.
                        supervisors::terminate(&run);
                    }
                }
                Supervisor::Ended => {}
            }
        }
        for id in &inner.left_over {
            let run = RunFolder::of(runs, *id);
            let over = match inner.store.launch(*id).await? {
                None => true,
                Some(row) => row.state == LaunchState::Ended,
            };
            if over && !run.has_spools() && !run.has_recorder_spools() {
                tokio::spawn(errands::remove(run));
            }
        }
        self.end_forgotten().await
    }

    /// Ends the records of queued launches that were canceled just before we ended.
    async fn end_forgotten(&self) -> Result<(), LaunchError> {
        for id in self.inner.store.queued_executions().await? {
            let launch = self.inner.store.launch(id).await?;
            if launch.is_none_or(|launch| launch.state == LaunchState::Ended) {
                self.end_unlaunched(id, EndReason::Canceled).await?;
            }
        }
        Ok(())
    }

    async fn start_queued(&self, url: &str) -> Result<(), LaunchError> {
        let config = &self.inner.config;
        if self.launched().len() >= config.max_running {
            return Ok(());
        }
        let waiting = self
            .inner
            .store
            .launches(
                LaunchState::Queued,
                self.inner.name.as_deref(),
                config.max_queued.max(1),
            )
            .await?;
        for row in waiting {
            let playbook = row.parameters.playbook.clone();
            {
                let launched = self.launched();
                if launched.len() >= config.max_running {
                    break;
                }
                let same = launched
                    .values()
                    .filter(|other| **other == playbook)
                    .count();
                let limit = config.max_running_per_playbook;
                if limit > 0 && !playbook.is_empty() && same >= limit {
                    continue;
                }
            }
            if let Some(before) = row.parameters.waits_for
                && self.inner.store.is_running(before).await?
            {
                continue;
            }
            let (from, to) = (LaunchState::Queued, LaunchState::Launched);
            // Canceled at this very moment, or taken by another collector.
            if !self.inner.store.move_launch(row.id, from, to).await? {
                continue;
            }
            self.launched().insert(row.id, playbook);
            self.start(&row, url).await?;
        }
        Ok(())
    }

    /// Starts the supervisor of a run whose turn has come.
    async fn start(&self, row: &LaunchRow, url: &str) -> Result<(), LaunchError> {
        match self.try_start(row, url).await {
            Ok(pid) => {
                let launched = Announcement::Launched(Launched { pid });
                self.inner
                    .ingest
                    .announce(row.id, &[launched], StoredWith::default())
                    .await?;
                tracing::info!(execution = %row.id, pid, "launched");
            }
            Err(error) => {
                tracing::warn!(execution = %row.id, %error, "a run could not be launched");
                self.end_unlaunched(row.id, EndReason::LaunchError).await?;
            }
        }
        Ok(())
    }

    async fn try_start(&self, row: &LaunchRow, url: &str) -> Result<u32, LaunchError> {
        let inner = &self.inner;
        let Some(run) = self.run_folder(row.id) else {
            return Err(LaunchError::Disabled);
        };
        let command = run.command()?;
        // Looked up again: the user's groups may have changed, or the user may be gone.
        let account =
            match &inner.account {
                Some(account) => {
                    let found = Account::find(&account.text());
                    Some(found.map_err(|error| {
                        LaunchError::invalid("launcher.run_as", error.to_string())
                    })?)
                }
                None => None,
            };
        let mut environment = inner.config.run_environment(account.as_ref());
        if let Some(folder) = &inner.config.ansible {
            // Ansible's programs call each other.
            let path = environment
                .get(std::ffi::OsStr::new("PATH"))
                .cloned()
                .unwrap_or_default();
            let paths = std::iter::once(folder.clone()).chain(std::env::split_paths(&path));
            if let Ok(path) = std::env::join_paths(paths) {
                environment.insert("PATH".into(), path);
            }
        }
        let program = command.argv.first().map(String::as_str).unwrap_or_default();
        if inner
            .recorder
            .is_installed(program, &environment, account.as_ref())
            .await
        {
            let (cwd, known) = (command.cwd.clone(), environment.clone());
            let turned_on = self.looking(move |_| recorder::turned_on(&cwd, &known));
            for (name, value) in turned_on.await? {
                environment.insert(name.into(), value);
            }
        }
        let timeout_seconds = row.parameters.timeout_seconds;
        let token = self.create_token(row.id, timeout_seconds).await?;
        run.write_token(&token)?;
        let mut child = supervisors::start(&Start {
            id: row.id,
            account: account.as_ref(),
            folder: &run,
            timeout_seconds,
            kill_after_seconds: inner.config.kill_after_seconds,
            url,
            environment,
        })?;
        let pid = child.id().unwrap_or_default();
        let launcher = self.clone();
        tokio::spawn(async move {
            // Supervisors that another collector started are watched by their lock instead.
            let _ = child.wait().await;
            launcher.inner.wake.notify_one();
        });
        Ok(pid)
    }

    /// A token that can report this run, and do nothing else.
    async fn create_token(
        &self,
        id: Uuid,
        timeout_seconds: u64,
    ) -> Result<SecretString, LaunchError> {
        let inner = &self.inner;
        let token = token::generate().map_err(std::io::Error::other)?;
        let now = inner.clock.now_us();
        let good_for = timeout_seconds.saturating_add(TOKEN_EXTRA_SECONDS);
        let row = TokenRow {
            id: 0,
            // Names are unique, and a run may need a second token to deliver what it left behind.
            name: format!("run {id} {now}"),
            scopes: Scopes::new(vec![Scope::Ingest]).encode(),
            created_us: now,
            expires_us: Some(
                i64::try_from(good_for)
                    .unwrap_or(i64::MAX)
                    .saturating_mul(1_000_000)
                    .saturating_add(now),
            ),
            used_us: None,
            execution: Some(id),
        };
        inner
            .store
            .create_token(&row, &token::hash(token.expose_secret()), None)
            .await?;
        Ok(token)
    }

    /// Ends the record of a run that no process will ever report on.
    async fn end_unlaunched(&self, id: Uuid, reason: EndReason) -> Result<(), LaunchError> {
        let ended = Announcement::Ended(ExecutionEnded {
            reason: Some(reason),
            ..ExecutionEnded::default()
        });
        self.inner
            .ingest
            .announce(id, &[ended], StoredWith::default())
            .await?;
        self.forget(id).await
    }

    /// Cleans up after a run that needs no further work.
    async fn forget(&self, id: Uuid) -> Result<(), LaunchError> {
        let inner = &self.inner;
        inner.store.revoke_tokens_of(id).await?;
        let (from, to) = (LaunchState::Launched, LaunchState::Ended);
        inner.store.move_launch(id, from, to).await?;
        self.launched().remove(&id);
        let Some(run) = self.run_folder(id) else {
            return Ok(());
        };
        // The run's user may have left files there that were never a spool.
        let is_whole = run.owner().is_some() && self.is_whole(id).await?;
        if run.has_spools() || (run.has_recorder_spools() && !is_whole) {
            // What the collector itself refused is kept for a person to examine.
            run.remove_secrets();
        } else if run.owner().is_some() {
            // Not awaited: the run's user decides how much there is to remove.
            tokio::spawn(errands::remove(run));
        } else {
            run.remove();
        }
        Ok(())
    }

    async fn is_whole(&self, id: Uuid) -> Result<bool, LaunchError> {
        let found = self.inner.store.execution(id).await?;
        Ok(found.is_none_or(|(_, row)| row.events.complete))
    }

    /// Checks whether a run is over, and delivers what its producers left behind.
    async fn look_after(&self, id: Uuid, url: &str) -> Result<(), LaunchError> {
        let Some(run) = self.run_folder(id) else {
            return Ok(());
        };
        if matches!(run.supervisor(), Supervisor::Alive(_)) {
            return Ok(());
        }
        let mut folders = vec![run.spool()];
        let account = errands::account(id, &run);
        if run.owner().is_none() {
            folders.push(run.recorder_spool());
        }
        for folder in folders {
            // The recorder may still be alive, and holds the spool that it is writing.
            if orphans(&folder).is_ok_and(|left| !left.is_empty()) {
                self.deliver(id, folder, url).await?;
            }
        }
        match account.filter(|_| run.has_recorder_spools()) {
            None => self.conclude(id, url).await,
            Some(account) => {
                if self.delivering().insert(id) {
                    tokio::spawn(self.clone().deliver_as(account, id, run, url.to_owned()));
                }
                Ok(())
            }
        }
    }

    /// Delivers, as the run's user, what the recorder left in that user's folder. Runs in the background, because the
    /// user decides how long it takes.
    async fn deliver_as(self, account: Account, id: Uuid, run: RunFolder, url: String) {
        let done = async {
            let token = self.create_token(id, 0).await?;
            errands::deliver(&account, &run, &url, &token).await;
            self.conclude(id, &url).await
        };
        if let Err(error) = done.await {
            tracing::warn!(execution = %id, %error, "a launched run could not be looked after");
        }
        self.delivering().remove(&id);
    }

    fn delivering(&self) -> std::sync::MutexGuard<'_, HashSet<Uuid>> {
        // The lock may be poisoned, but a panic never leaves this set half changed.
        self.inner
            .delivering
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Cleans up after a run that is over, and starts one that could not be started before.
    async fn conclude(&self, id: Uuid, url: &str) -> Result<(), LaunchError> {
        match self.inner.store.execution(id).await? {
            // It could neither be started nor given up, because the store was away.
            Some((_, row)) if row.phase == Phase::Queued => {
                if let Some(launch) = self.inner.store.launch(id).await? {
                    self.start(&launch, url).await?;
                }
            }
            Some((_, row)) if row.status == Status::Running => {}
            // Over, or deleted when it was over.
            Some(_) | None => self.forget(id).await?,
        }
        Ok(())
    }

    /// Delivers what a supervisor, or its recorder, did not.
    async fn deliver(&self, id: Uuid, folder: PathBuf, url: &str) -> Result<(), LaunchError> {
        let config = SenderConfig {
            url: url.to_owned(),
            token: Some(self.create_token(id, 0).await?),
            user_agent: concat!("playback-launcher/", env!("CARGO_PKG_VERSION")).to_owned(),
            adopt: false,
            ..SenderConfig::default()
        };
        let options = AdoptOptions {
            set_aside: true,
            patience: Duration::ZERO,
        };
        let delivered = tokio::task::spawn_blocking(move || {
            deliver_orphans(&folder, &config, &options, |_| {})
        });
        match delivered.await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(execution = %id, %error, "what a run left behind is kept");
            }
            Err(error) => return Err(std::io::Error::other(error).into()),
        }
        Ok(())
    }

    /// Tells a run's supervisor to end the run. Waits for one that is starting.
    pub(super) async fn terminate(&self, id: Uuid) {
        let Some(run) = self.run_folder(id) else {
            return;
        };
        let launcher = Arc::clone(&self.inner);
        let asked = async {
            loop {
                if supervisors::terminate(&run) {
                    return true;
                }
                let gone = run.supervisor() == Supervisor::Ended;
                if gone || run.command().is_err() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if !matches!(tokio::time::timeout(START_UP, asked).await, Ok(true)) {
            tracing::info!(execution = %id, "a canceled run had no supervisor to stop");
        }
        launcher.wake.notify_one();
    }
}
