//! The launcher: runs that are requested through the API.
//!
//! ```text
//! request ── check: allowed ── folder: secrets, command ── announced: record and queue in one commit
//!                                                               │
//!                        queue: its turn ── supervisors: `playback exec` in a session of its own
//!                                                               │ the wire protocol, as for every run
//!                        queue: over ── folder removed ◄── the record is final
//! ```
//!
//! Layout:
//! - [`request`], [`check`], [`adhoc`], [`names`], [`describe`]: what may be requested
//! - [`command`], [`folder`], [`values`], [`recorder`]: what a run needs
//! - [`queue`], [`supervisors`]: starts queued runs and supervises started ones
//! - [`run_as`], [`errands`]: runs as another user, and work with that user's rights
//! - [`replay`]: a request made from an earlier one; `scheduled`: from a schedule's settings, with secrets given by name
//!
//! The queue is in the store, and the files of a run are in its folder. So the collector can be stopped, killed or
//! replaced during runs, and finds them again.

mod adhoc;
mod check;
mod command;
mod describe;
mod errands;
mod error;
mod folder;
mod names;
mod queue;
mod recorder;
mod replay;
mod request;
mod run_as;
mod scheduled;
mod supervisors;
mod values;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use playback_spool::RunKey;
use playback_wire::{CancelRequested, EndReason, ExecutionEnded, ExecutionStarted, ExecutionType};
use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

pub use error::LaunchError;
pub use names::Named;
pub use queue::LaunchQueue;
pub use replay::Replay;
pub use request::LaunchRequest;

use crate::auth::token;
use crate::clock::Clock;
use crate::config::{Config, LauncherConfig};
use crate::ingest::{Announcement, Ingest, StoredWith};
use crate::live::Hub;
use crate::model::{
    Action, Actor, AuditEntry, LaunchRow, LaunchState, Parameters, ScheduleTick, Status,
};
use crate::store::Store;
use folder::RunFolder;
use playback_supervisor::account::Account;
use recorder::Recorder;

/// Launches, cancels and replays runs; cheap to clone.
#[derive(Debug, Clone)]
pub struct Launcher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: LauncherConfig,
    /// The user that runs execute as; none: ours.
    account: Option<Account>,
    /// The folder of all runs' folders; none if nothing is launched.
    runs: Option<PathBuf>,
    /// Marks the runs of the collectors that share this folder, if collectors share a history.
    name: Option<String>,
    /// Runs that had a folder when we started, before any request.
    left_over: Vec<Uuid>,
    store: Store,
    ingest: Ingest,
    hub: Hub,
    clock: Clock,
    recorder: Recorder,
    /// Runs that have a supervisor, with each one's playbook.
    launched: Mutex<HashMap<Uuid, String>>,
    /// Runs whose recorder's spool is being delivered.
    delivering: Mutex<HashSet<Uuid>>,
    /// Wakes the queue: there may be something to do.
    wake: Notify,
}

impl Launcher {
    /// A launcher that starts nothing yet: see [`Launcher::queue`].
    ///
    /// # Errors
    /// It is enabled and its folder cannot be used, or runs must not execute as the configured user.
    pub async fn new(
        config: &Config,
        store: Store,
        ingest: Ingest,
        hub: Hub,
        clock: Clock,
    ) -> Result<Self, LaunchError> {
        let whole = config;
        let config = whole.launcher.clone();
        let account = match config.is_enabled() {
            true => run_as::account(whole)?,
            false => None,
        };
        let runs = if config.is_enabled() {
            let runs = config.runs_folder().ok_or_else(|| {
                LaunchError::invalid("launcher.folder", "must be set: there is no home folder")
            })?;
            folder::prepare(&runs, account.is_some())?;
            // Runs have working directories of their own, so the path must be absolute.
            Some(runs.canonicalize()?)
        } else {
            None
        };
        if let (Some(runs), Some(account)) = (&runs, &account) {
            run_as::check(whole, account, runs).await?;
        }
        let name = match &runs {
            Some(runs) if store.is_shared() => Some(folder::name(runs)?),
            _ => None,
        };
        let left_over = match &runs {
            Some(runs) => folder::all(runs)?,
            None => Vec::new(),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                name,
                account,
                left_over,
                recorder: Recorder::new(config.recorder),
                config,
                runs,
                store,
                ingest,
                hub,
                clock,
                launched: Mutex::default(),
                delivering: Mutex::default(),
                wake: Notify::new(),
            }),
        })
    }

    /// Queues a run, and returns its identity: from now on it has a record.
    ///
    /// # Errors
    /// See [`LaunchError`]; whatever it is, there is no record.
    pub async fn launch(&self, request: LaunchRequest, actor: &Actor) -> Result<Uuid, LaunchError> {
        self.launch_at(request, actor, None, None).await
    }

    /// Queues a run that a schedule starts, and stores the schedule's decision in the same commit: whenever this
    /// collector is killed, both are stored or neither. `by_hand` is the audit entry about the schedule, if a user
    /// requested the run; the run is added to it.
    ///
    /// # Errors
    /// See [`LaunchError`]; whatever it is, there is no record. It is an overtaken commit if the schedule was changed, or
    /// decided about, since the decision was made.
    pub async fn launch_scheduled(
        &self,
        request: LaunchRequest,
        actor: &Actor,
        tick: ScheduleTick,
        by_hand: Option<AuditEntry>,
    ) -> Result<Uuid, LaunchError> {
        self.launch_at(request, actor, Some(tick), by_hand).await
    }

    /// Checks whether a request could be launched now.
    ///
    /// # Errors
    /// Why it could not.
    pub async fn check(&self, request: LaunchRequest) -> Result<(), LaunchError> {
        if self.inner.runs.is_none() {
            return Err(LaunchError::Disabled);
        }
        self.looking(move |config| check::check(request, config).map(|_| ()))
            .await?
    }

    /// Whether runs can be launched here.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.inner.runs.is_some()
    }

    async fn launch_at(
        &self,
        request: LaunchRequest,
        actor: &Actor,
        mut tick: Option<ScheduleTick>,
        by_hand: Option<AuditEntry>,
    ) -> Result<Uuid, LaunchError> {
        let inner = &self.inner;
        let runs = inner.runs.as_ref().ok_or(LaunchError::Disabled)?;
        let checked = self
            .looking(move |config| check::check(request, config))
            .await??;
        let waiting = inner.store.queued_launches().await?;
        if waiting >= u64::from(inner.config.max_queued) {
            metrics::counter!("playback_launches_refused_total").increment(1);
            return Err(LaunchError::QueueFull(waiting));
        }
        let id = Uuid::now_v7();
        let run = RunFolder::of(runs, id);
        // The launcher is the run's first producer, and passes the key on in the run's folder.
        let key = RunKey::mint();
        run.create(
            &checked,
            inner.config.ansible.as_deref(),
            key.as_ref(),
            inner.account.is_some(),
        )?;
        let started = describe_run(&checked.parameters, &checked.cwd, &actor.name);
        let row = LaunchRow {
            id,
            state: LaunchState::Queued,
            parameters: checked.parameters,
            queued_us: inner.clock.now_us(),
            collector: inner.name.clone(),
        };
        let mut entries = vec![launched(&row, actor)];
        entries.extend(by_hand.map(|entry| entry.after(json!({ "execution": id }))));
        if let Some(tick) = &mut tick {
            tick.execution = Some(id);
        }
        let announced = inner
            .ingest
            .announce(
                id,
                &[Announcement::Queued(&started)],
                StoredWith {
                    launch: Some(&row),
                    key: key.map(|key| token::hash(key.expose())),
                    audit: &entries,
                    tick: tick.as_ref(),
                },
            )
            .await;
        if let Err(error) = announced {
            run.remove();
            return Err(error.into());
        }
        metrics::counter!("playback_launches_total").increment(1);
        inner.wake.notify_one();
        Ok(id)
    }

    /// Cancels a run: a queued one is over at once, a running one is asked to end. A second request changes nothing.
    ///
    /// # Errors
    /// It is finished, or the launcher did not start it.
    pub async fn cancel(
        &self,
        id: Uuid,
        actor: &Actor,
        note: Option<&str>,
    ) -> Result<(), LaunchError> {
        let inner = &self.inner;
        let Some((_, row)) = inner.store.execution(id).await? else {
            return Err(LaunchError::NoSuchExecution(id));
        };
        if row.status != Status::Running {
            return Err(LaunchError::Over);
        }
        if inner.store.launch(id).await?.is_none() {
            return Err(LaunchError::NotOurs(
                "end it where it runs, with Ctrl-C or a signal",
            ));
        }
        let asked = Announcement::CancelRequested(CancelRequested {
            by: actor.name.as_str().into(),
            note: note.unwrap_or_default().into(),
        });
        let entry = AuditEntry::new(
            inner.clock.now_us(),
            actor.clone(),
            Action::Cancel,
            format!("execution:{id}"),
        );
        let with = StoredWith {
            audit: std::slice::from_ref(&entry),
            ..StoredWith::default()
        };
        let (from, to) = (LaunchState::Queued, LaunchState::Ended);
        if inner.store.move_launch(id, from, to).await? {
            let ended = Announcement::Ended(ExecutionEnded {
                reason: Some(EndReason::Canceled),
                ..ExecutionEnded::default()
            });
            if let Err(error) = inner.ingest.announce(id, &[asked, ended], with).await {
                // Otherwise the record would never end.
                inner.store.move_launch(id, to, from).await?;
                return Err(error.into());
            }
            if let Some(runs) = &inner.runs {
                RunFolder::of(runs, id).remove();
            }
            return Ok(());
        }
        if row.canceled_by.is_none() {
            inner.ingest.announce(id, &[asked], with).await?;
        }
        self.terminate(id).await;
        Ok(())
    }

    /// The playbooks that can be launched.
    ///
    /// # Errors
    /// The launcher is turned off.
    pub async fn playbooks(&self) -> Result<Vec<Named>, LaunchError> {
        self.list(|config| names::playbooks(&config.playbooks))
            .await
    }

    /// The inventories that can be named.
    ///
    /// # Errors
    /// The launcher is turned off.
    pub async fn inventories(&self) -> Result<Vec<Named>, LaunchError> {
        self.list(|config| names::inventories(&config.inventories))
            .await
    }

    /// The names of the secrets that a run can name, never what they are.
    ///
    /// # Errors
    /// The launcher is turned off.
    pub fn secrets(&self) -> Result<Vec<String>, LaunchError> {
        match self.is_enabled() {
            true => Ok(self.inner.config.secrets.keys().cloned().collect()),
            false => Err(LaunchError::Disabled),
        }
    }

    async fn list(
        &self,
        list: impl FnOnce(&LauncherConfig) -> Vec<Named> + Send + 'static,
    ) -> Result<Vec<Named>, LaunchError> {
        if self.inner.runs.is_none() {
            return Err(LaunchError::Disabled);
        }
        Ok(self.looking(list).await?)
    }

    /// Looks at the configured folders with the rights to files that a run has. It may take a while.
    async fn looking<T: Send + 'static>(
        &self,
        look: impl FnOnce(&LauncherConfig) -> T + Send + 'static,
    ) -> std::io::Result<T> {
        let inner = Arc::clone(&self.inner);
        let looked = tokio::task::spawn_blocking(move || match &inner.account {
            Some(account) => account.with_rights(|| look(&inner.config)),
            None => Ok(look(&inner.config)),
        });
        looked.await.map_err(std::io::Error::other)?
    }

    fn launched(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, String>> {
        // The lock may be poisoned, but a panic never leaves this map half changed.
        self.inner
            .launched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The audit entry of a launch. Notes and variables are only in the run's record: redaction reaches them there, whereas
/// nothing can be removed from the trail.
fn launched(row: &LaunchRow, actor: &Actor) -> AuditEntry {
    let parameters = &row.parameters;
    let action = match parameters.replay_of {
        Some(_) => Action::Replay,
        None => Action::Launch,
    };
    let all = json!({
        "playbook": Some(parameters.playbook.as_str()).filter(|name| !name.is_empty()),
        "module": parameters.module,
        "hosts": parameters.hosts,
        "inventory": parameters.inventory,
        "limit": parameters.limit,
        "check": parameters.check.then_some(true),
        "replay_of": parameters.replay_of,
        "schedule": parameters.schedule,
    });
    let after = match all {
        Value::Object(all) => all
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        other => other,
    };
    AuditEntry::new(
        row.queued_us,
        actor.clone(),
        action,
        format!("execution:{}", row.id),
    )
    .after(after)
}

/// Describes a queued run for its record; the run's own producers know more.
fn describe_run(parameters: &Parameters, cwd: &std::path::Path, by: &str) -> ExecutionStarted {
    let Parameters {
        playbook,
        inventory,
        limit,
        only_hosts,
        tags,
        skip_tags,
        extra_var_names,
        check,
        diff,
        forks,
        verbosity,
        hosts,
        module,
        note,
        labels,
        replay_of,
        schedule,
        // Not in any record: they may be secret, or no run reports them itself.
        extra_vars: _,
        args: _,
        args_given: _,
        vault_password: _,
        private_key: _,
        private_key_given: _,
        r#become: _,
        become_user: _,
        timeout_seconds: _,
        waits_for: _,
    } = parameters;
    let only_hosts = (!only_hosts.is_empty()).then(|| only_hosts.join(","));
    // Ansible's default.
    let module = module.as_deref().unwrap_or(adhoc::DEFAULT_MODULE);
    let is_adhoc = parameters.is_adhoc();
    ExecutionStarted {
        instance: Some(Uuid::now_v7().simple().to_string()),
        r#type: match is_adhoc {
            true => ExecutionType::Adhoc,
            false => ExecutionType::Playbook,
        },
        playbook: Some(playbook.clone()).filter(|name| !name.is_empty()),
        inventory: inventory.clone(),
        limit: only_hosts.or_else(|| limit.clone()),
        tags: tags.clone(),
        skip_tags: skip_tags.clone(),
        check: *check,
        diff: *diff,
        forks: *forks,
        verbosity: (*verbosity).into(),
        extra_var_names: extra_var_names.clone(),
        hosts: hosts.clone(),
        module: is_adhoc.then(|| module.to_owned()),
        labels: labels.clone(),
        note: note.clone(),
        cwd: Some(cwd.to_string_lossy().into_owned()),
        launched_by: Some(by.to_owned()),
        replay_of: replay_of.map(|id| id.to_string()),
        schedule: schedule.clone(),
        recorder_version: Some(env!("CARGO_PKG_VERSION").into()),
        ..ExecutionStarted::default()
    }
}
