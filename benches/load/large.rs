//! T6: reads one large run: its first screen, any part of its output, any page of its results.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::asking::{Asker, Took};
use crate::clock::Stopwatch;
use crate::collector::Collector;
use crate::history::Random;
use crate::note;
use crate::place::Database;
use crate::producers::send_all;
use crate::script::{Mix, Script, Size};
use crate::size::{PATIENCE, SETTLED};
use crate::table::thousands;

const HOSTS: u32 = 100;

/// How long 99 of 100 answers may take, in milliseconds.
pub(crate) const WANTED: f64 = 50.0;

/// The views to measure: each is a few requests that belong together.
pub(crate) const VIEWS: &[View] = &[
    View {
        name: "first screen",
        ask: |run, _| {
            let last = run.lines.saturating_sub(50);
            vec![
                "?fields=id,type,playbook,status,phase,start_time,duration,stats,events,output_lines"
                    .to_owned(),
                "/plays".to_owned(),
                "/tasks?limit=50".to_owned(),
                "/hosts?limit=50".to_owned(),
                "/results?status=failed&limit=50".to_owned(),
                format!("/output?from={last}&limit=50"),
            ]
        },
    },
    View {
        name: "any 50 lines of its output",
        ask: |run, random| vec![format!("/output?from={}&limit=50", random.below(run.lines))],
    },
    View {
        name: "any page of results",
        ask: |run, random| vec![format!("/results?after={}", random.below(run.events))],
    },
    View {
        name: "any page of tasks",
        ask: |run, random| vec![format!("/tasks?after={}", random.below(run.tasks))],
    },
    View {
        name: "results of a task",
        ask: |run, random| vec![format!("/results?task={}", 1 + random.below(run.tasks))],
    },
    View {
        name: "results of a host",
        ask: |_, random| vec![format!("/results?host={}", any_host(random))],
    },
    View {
        name: "results that failed, none",
        ask: |_, _| vec!["/results?status=failed".to_owned()],
    },
    View {
        name: "results that were skipped, none",
        ask: |_, _| vec!["/results?status=skipped".to_owned()],
    },
    View {
        name: "results that did not change, none",
        ask: |_, _| vec!["/results?changed=false".to_owned()],
    },
    View {
        name: "a result with its content",
        ask: |run, random| {
            let results = &run.results;
            vec![format!(
                "/results/{}",
                results[random.below(results.len() as u64) as usize]
            )]
        },
    },
];

/// A way to look at a run.
pub(crate) struct View {
    pub(crate) name: &'static str,
    ask: fn(&Run, &mut Random) -> Vec<String>,
}

/// The run, as far as one has to know it to ask for parts of it.
pub(crate) struct Run {
    path: String,
    lines: u64,
    events: u64,
    tasks: u64,
    /// Sequence numbers of some results.
    results: Vec<u64>,
}

/// What its producer sends: so many results.
pub(crate) fn script(results: u64) -> Result<Script> {
    Script::write(Size {
        mix: Mix::Commands,
        hosts: HOSTS,
        tasks: u32::try_from(results / u64::from(HOSTS))?.max(1),
        batch: 1_000,
        ends: true,
    })
}

impl Run {
    /// Sends a run to the collector, waits until its log is packed, and gets to know it.
    pub(crate) fn send(
        collector: &Collector,
        database: &Database,
        script: &Script,
    ) -> Result<Self> {
        let (took, ids) = send_all(collector, script, 1, 1)?;
        note(&format!(
            "  a run of {} results is stored after {:.1} s",
            thousands(script.results as f64),
            took.as_secs_f64()
        ));
        settle(database)?;
        let id = ids.first().context("an execution was sent")?;
        let path = format!("/api/v1/ansible/executions/{id}");
        let asker = Asker::of(collector);
        let record = asker.json(&format!("{path}?fields=output_lines,events"))?;
        let number = |value: &Value| value.as_u64().context("a count");
        let events = number(&record["events"]["received"])?;
        let mut run = Self {
            path,
            lines: number(&record["output_lines"])?,
            events,
            tasks: script.results / u64::from(HOSTS),
            results: Vec::new(),
        };
        let mut random = Random::seeded(6);
        for _ in 0..100 {
            let after = random.below(events / 100 * 99);
            let page = asker.json(&format!("{}/results?after={after}&limit=1", run.path))?;
            run.results.extend(page["results"][0]["seq"].as_u64());
        }
        Ok(run)
    }

    /// How long a view of it takes.
    pub(crate) fn time(&self, asker: &Asker, view: &View) -> Result<Took> {
        let mut random = Random::seeded(7);
        let whole = |part: String| format!("{}{part}", self.path);
        let took = asker.time(|| {
            (view.ask)(self, &mut random)
                .into_iter()
                .map(whole)
                .collect()
        })?;
        took.context("every part of a run is there")
    }
}

fn any_host(random: &mut Random) -> String {
    format!("web{:03}", random.below(u64::from(HOSTS)))
}

/// Waits until packing has ended.
pub(crate) fn settle(database: &Database) -> Result<()> {
    let watch = Stopwatch::start();
    let (mut blocks, mut since) = (-1, Stopwatch::start());
    while since.elapsed() < SETTLED {
        let last = "SELECT COUNT(*) FROM event_blocks WHERE execution = \
                    (SELECT MAX(id) FROM executions)";
        let now = database.number(last)?;
        if now != blocks {
            (blocks, since) = (now, Stopwatch::start());
        }
        anyhow::ensure!(watch.elapsed() < PATIENCE, "packing does not end");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    Ok(())
}
