//! Everything that a request may need, made once.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::auth::{Checked, TokenUses};
use crate::api::viewers::Viewers;
use crate::clock::Clock;
use crate::commands::{Commands, Refusals};
use crate::config::Config;
use crate::history::Feed;
use crate::ingest::{Ingest, Settings};
use crate::launcher::Launcher;
use crate::live::Hub;
use crate::retention::Retention;
use crate::stats;
use crate::store::{Store, StoreError, TokenRow};
use crate::telemetry::Figures;
use crate::token::{self, Scope, Scopes};

/// The collector's parts; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// How it is configured.
    pub config: Arc<Config>,
    /// The history.
    pub store: Store,
    /// Batches in.
    pub ingest: Ingest,
    /// Changes that somebody asks for.
    pub commands: Commands,
    /// Runs what it is asked to.
    pub launcher: Launcher,
    /// What is kept, and for how long.
    pub retention: Retention,
    /// Who watches.
    pub hub: Hub,
    /// Executions as they change, for all who watch them.
    pub feed: Feed,
    /// The time.
    pub clock: Clock,
    /// The collector's own figures.
    pub figures: Figures,
    /// When tokens were used, to be written now and then.
    pub token_uses: TokenUses,
    /// Open streams, counted.
    pub viewers: Viewers,
    /// Tokens and logins of open streams, as they were a moment ago.
    pub checked: Checked,
    /// Open streams, to be waited for.
    pub streams: TaskTracker,
    /// Told when the program is to end: streams then close.
    pub closing: CancellationToken,
    /// What runs beside requests.
    pub tasks: TaskTracker,
    /// Told when all requests are answered: then the writer may end.
    pub stop_writing: CancellationToken,
}

impl App {
    /// Opens the store and starts what runs beside requests.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub async fn start(config: Config, clock: Clock, figures: Figures) -> anyhow::Result<Self> {
        let store = Store::open(config.store()).await?;
        let hub = Hub::default();
        let tasks = TaskTracker::new();
        let stop_writing = CancellationToken::new();
        tasks.spawn(store.clone().watch(stop_writing.clone()));
        let ingest = Ingest::start(
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
        let closing = CancellationToken::new();
        let retention = Retention::new(
            (config.retention_rules(), config.retention_schedule),
            store.clone(),
            ingest.clone(),
            clock.clone(),
            closing.clone(),
        );
        tasks.spawn(retention.clone().serve());
        let token_uses = TokenUses::default();
        tasks.spawn(token_uses.clone().write_now_and_then(
            store.clone(),
            clock.clone(),
            stop_writing.clone(),
        ));
        tasks.spawn(stats::run(
            store.clone(),
            clock.clone(),
            stop_writing.clone(),
        ));
        let commands = Commands {
            store: store.clone(),
            ingest: ingest.clone(),
            launcher: launcher.clone(),
            retention: retention.clone(),
            hub: hub.clone(),
            clock: clock.clone(),
            tasks: tasks.clone(),
            refusals: Refusals::default(),
        };
        Ok(Self {
            config: Arc::new(config),
            commands,
            feed: Feed::new(store.clone(), hub.clone()),
            store,
            ingest,
            launcher,
            retention,
            hub,
            clock,
            figures,
            token_uses,
            viewers: Viewers::default(),
            checked: Checked::default(),
            streams: TaskTracker::new(),
            closing,
            tasks,
            stop_writing,
        })
    }

    /// Makes an admin token where there is no token at all; it is returned once, to be shown.
    ///
    /// # Errors
    /// The store failed.
    pub async fn first_token(&self) -> anyhow::Result<Option<String>> {
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
            .create_token(&row, &token::hash(&token), None)
            .await
        {
            Ok(()) => Ok(Some(token)),
            // Another collector that shares the database started at the same time, and showed its own.
            Err(StoreError::TokenExists { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends what runs beside requests: everything that was accepted is committed first.
    pub async fn stop(&self) {
        self.stop_writing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.store.close().await;
    }
}
