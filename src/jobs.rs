//! The list of all background jobs. Each job is defined in the module that it belongs to; those below belong to none.

use std::time::Duration;

use crate::app::App;
use crate::indexing::Indexing;
use crate::retention::AuditTrim;
use crate::stats::RollUp;
use crate::store::Store;
use crate::telemetry::Figures;
use crate::work::{Every, Job, JobError, Outcome, StopPhase, Turn};

/// How often the database is checked.
const HEALTH: Duration = Duration::from_secs(1);

/// How often metrics are maintained.
const UPKEEP: Duration = Duration::from_secs(30);

/// Starts all background jobs; `url` is this collector's address for launched runs. Needs a runtime.
pub(crate) fn start(app: &App, url: String) {
    let work = &app.work;
    // Jobs that requests need, and that stop after them.
    work.add(Health::new(app.store.clone()));
    work.add(Upkeep::new(app.figures.clone()));
    let (silence, packing) = app.ingest.jobs();
    work.add(silence);
    work.add(
        app.auth
            .uses()
            .writing(app.store.clone(), app.clock.clone()),
    );
    if let Some(views) = &app.views {
        work.add(views.entering(app.store.clone()));
    }
    // Jobs that start work by themselves, and stop first.
    work.add(packing);
    work.add(RollUp::new(app.store.clone(), app.clock.clone()));
    work.add(Indexing::new(
        app.store.clone(),
        app.clock.clone(),
        app.config.search_index_wait(),
    ));
    work.add(app.retention.scheduled());
    if let Some(traces) = &app.traces {
        work.add(traces.sending(app.store.clone(), app.clock.clone()));
    }
    if let Some(days) = app.config.audit_keep_days {
        work.add(AuditTrim::new(app.store.clone(), app.clock.clone(), days));
    }
    let (expansion, deliveries) = app.notifier.jobs();
    work.add(expansion);
    work.add(deliveries);
    work.add(app.reports.scheduled());
    if let Some(queue) = app.launcher.queue(url) {
        work.add(queue);
    }
    if let Some(schedules) = app.schedules.job() {
        work.add(schedules);
    }
}

/// Detects problems of the database, and when they are over.
struct Health {
    store: Store,
    every: Every,
}

impl Health {
    fn new(store: Store) -> Self {
        Self {
            store,
            every: Every::at_once(HEALTH),
        }
    }
}

impl Job for Health {
    const NAME: &'static str = "health";
    const PHASE: StopPhase = StopPhase::Serving;

    async fn due(&mut self) {
        self.every.due().await;
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        let looking = self.store.look_after();
        Ok(match turn.stop().run_until_cancelled(looking).await {
            Some(()) => Outcome::Idle,
            None => Outcome::Stopped,
        })
    }
}

/// Sorts measured durations into buckets. Otherwise each one takes memory until `/metrics` is requested.
struct Upkeep {
    figures: Figures,
    every: Every,
}

impl Upkeep {
    fn new(figures: Figures) -> Self {
        Self {
            figures,
            every: Every::later(UPKEEP),
        }
    }
}

impl Job for Upkeep {
    const NAME: &'static str = "upkeep";
    const PHASE: StopPhase = StopPhase::Serving;

    async fn due(&mut self) {
        self.every.due().await;
    }

    async fn run(&mut self, _: &Turn) -> Result<Outcome, JobError> {
        self.figures.keep_up();
        Ok(Outcome::Idle)
    }
}
