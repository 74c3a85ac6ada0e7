//! Everything that a request may need, built once at start.

use std::ops::Deref;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Auth, Scope, Scopes, token};
use crate::clock::Clock;
use crate::commands::{Commands, Refusals};
use crate::config::Config;
use crate::history::{Costs, Feed, Searches};
use crate::ingest::{Ingest, Settings};
use crate::launcher::Launcher;
use crate::live::{Hub, OpenStreams};
use crate::notify::Notifier;
use crate::reports::Reports;
use crate::retention::Retention;
use crate::schedules::Schedules;
use crate::store::{Store, StoreError, TokenRow};
use crate::telemetry::Figures;
use crate::traces::Traces;
use crate::views::Views;
use crate::work::Runner;

/// The collector's parts; cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The parts of an [`App`]. Requests clone the app several times, so all parts are behind one reference.
#[derive(Debug)]
pub struct Parts {
    /// The configuration.
    pub config: Arc<Config>,
    /// The history.
    pub store: Store,
    /// Takes in batches from producers.
    pub ingest: Ingest,
    /// Changes that users ask for.
    pub commands: Commands,
    /// Launches runs.
    pub launcher: Launcher,
    /// Starts runs by the clock.
    pub schedules: Schedules,
    /// Applies the retention rules.
    pub retention: Retention,
    /// Sends traces, if they are configured.
    pub traces: Option<Traces>,
    /// Notes who looks at records, if that is wanted.
    pub views: Option<Views>,
    /// Tells targets what happened to runs.
    pub notifier: Notifier,
    /// Notifies viewers of changes.
    pub hub: Hub,
    /// Pushes executions to every viewer as they change.
    pub feed: Feed,
    /// Searches the lines of all runs.
    pub searches: Searches,
    /// Says what runs cost.
    pub costs: Costs,
    /// Makes reports.
    pub reports: Reports,
    /// The time.
    pub clock: Clock,
    /// The collector's own figures.
    pub figures: Figures,
    /// Checks tokens and sessions.
    pub auth: Auth,
    /// Open streams, counted.
    pub viewers: OpenStreams,
    /// Open streams, so that shutdown can wait for them.
    pub streams: TaskTracker,
    /// Canceled when the program is to end: streams then close, and nothing new begins.
    pub closing: CancellationToken,
    /// Work in the background.
    pub work: Runner,
    /// The writer, and commands that run on after their client is gone.
    pub tasks: TaskTracker,
    /// Canceled when all requests are answered and all background work is finished: then the writer may end.
    pub stop_writing: CancellationToken,
}

impl App {
    /// Opens the store and starts what requests need. Work in the background begins when it is served.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub async fn start(config: Config, clock: Clock, figures: Figures) -> anyhow::Result<Self> {
        let address = config.http.public_address();
        let traces = Traces::new(&config.traces, clock.clone(), address)?;
        let store = Store::open(config.store()).await?;
        let store = store.queueing_traces(traces.is_some());
        let hub = Hub::default();
        let tasks = TaskTracker::new();
        let stop_writing = CancellationToken::new();
        let ingest = Ingest::begin(
            store.clone(),
            hub.clone(),
            clock.clone(),
            Settings {
                silence: config.silence(),
                max_output_lines: config.max_output_lines,
            },
            &tasks,
            stop_writing.clone(),
        )
        .await?;
        let launcher = Launcher::new(
            &config,
            store.clone(),
            ingest.clone(),
            hub.clone(),
            clock.clone(),
        )
        .await?;
        let prices = config.cost.prices().map_err(anyhow::Error::msg)?;
        let budgets = config.cost.budgets().map_err(anyhow::Error::msg)?;
        let costs = Costs::new(store.clone(), prices, budgets);
        let closing = CancellationToken::new();
        let retention = Retention::new(
            (config.retention_rules(), config.retention_schedule),
            store.clone(),
            ingest.clone(),
            clock.clone(),
            closing.clone(),
        );
        let schedules = Schedules::new(
            store.clone(),
            launcher.clone(),
            clock.clone(),
            config.no_auth,
        );
        let reports = Reports::new(
            store.clone(),
            costs.clone(),
            clock.clone(),
            config.reports.clone(),
        );
        let notifier = Notifier::new(&config, store.clone(), clock.clone(), reports.clone())?;
        notifier.take_over_configured().await?;
        let views = config.audit_views.then(|| Views::new(clock.clone()));
        let auth = Auth::new(store.clone(), clock.clone());
        let work = Runner::new(store.clone(), clock.clone(), closing.clone());
        let commands = Commands {
            store: store.clone(),
            ingest: ingest.clone(),
            launcher: launcher.clone(),
            schedules: schedules.clone(),
            retention: retention.clone(),
            notifier: notifier.clone(),
            reports: reports.clone(),
            hub: hub.clone(),
            clock: clock.clone(),
            tasks: tasks.clone(),
            refusals: Refusals::default(),
        };
        let viewers = OpenStreams::new(config.http.max_viewers, config.http.max_viewers_per_token);
        Ok(Self(Arc::new(Parts {
            config: Arc::new(config),
            commands,
            feed: Feed::new(store.clone(), hub.clone(), costs.clone()),
            searches: Searches::new(store.clone()),
            costs,
            reports,
            store,
            ingest,
            launcher,
            schedules,
            retention,
            traces,
            views,
            notifier,
            hub,
            clock,
            figures,
            auth,
            viewers,
            streams: TaskTracker::new(),
            closing,
            work,
            tasks,
            stop_writing,
        })))
    }

    /// Creates an admin token if there are no tokens yet; it is returned once, to be shown.
    ///
    /// # Errors
    /// The store failed.
    pub async fn first_token(&self) -> anyhow::Result<Option<SecretString>> {
        if self.config.no_auth || !self.store.tokens().await?.is_empty() {
            return Ok(None);
        }
        let token = token::generate()?;
        let row = TokenRow {
            id: 0,
            name: "admin".to_owned(),
            scopes: Scopes::new(vec![Scope::Admin]).encode(),
            created_us: self.clock.now_us(),
            expires_us: None,
            used_us: None,
            execution: None,
        };
        match self
            .store
            .create_token(&row, &token::hash(token.expose_secret()), None)
            .await
        {
            Ok(()) => Ok(Some(token)),
            // Another collector that shares the database started at the same time, and showed its own token.
            Err(StoreError::TokenExists { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stops what runs beside requests, in this order: what starts new work, what requests needed, the writer. So
    /// everything that was accepted is committed.
    pub async fn stop(&self) {
        self.work.stop().await;
        self.stop_writing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.store.close().await;
    }
}
