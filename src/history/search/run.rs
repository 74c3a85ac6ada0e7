//! The lines of one run, read from its log as far as they are wanted.

use std::collections::HashMap;
use std::sync::Arc;

use super::cursor::Position;
use super::query::RunQuery;
use super::scan::{Hit, Scan, ScanOptions, ScanStart};
use super::walk::Walk;
use super::words::searched_producers;
use super::{SearchCursor, Sought};
use crate::history::{HistoryError, is_final};
use crate::model::{
    Cursor, ExecutionKey, ExecutionRow, FoundRun, FoundTask, SearchHit, TaskRow, time_from_us,
};
use crate::store::StoreError;

/// Blocks that are fetched at once; each is half a megabyte to expand.
const BLOCKS: u32 = 8;

/// Blocks that are read for the lines around a found one when the time is over already.
const LATE_BLOCKS: u32 = 8 * BLOCKS;

/// Tasks that are looked up at once.
const TASKS: u32 = 10_000;

/// Lines that are read from a run at once when they are only counted.
const COUNTED: usize = 1_000;

impl Walk<'_> {
    /// Searches a run, from a position on.
    pub(super) async fn run(
        &mut self,
        key: ExecutionKey,
        row: &ExecutionRow,
        from: Position,
    ) -> Result<(), HistoryError> {
        let run = Cursor {
            started_us: row.started_us,
            key,
        };
        let begun = time_from_us(row.started_us);
        self.page.searched_back_to = Some(begun);
        let is_pinned = match self.query.asks_for_pins() {
            true => !self.store.pins(&[row.id]).await?.is_empty(),
            false => false,
        };
        let mut of_hosts = Vec::with_capacity(self.query.of_hosts.len());
        for filter in &self.query.of_hosts {
            let found = self.store.executions_among(filter, &[key]).await?;
            of_hosts.push(!found.is_empty());
        }
        let lines = self.query.of_run(row, is_pinned, &of_hosts);
        let done = SearchCursor { run, within: None };
        let Some(lines) = lines else {
            self.page.runs_searched += 1;
            self.at = Some(done);
            return Ok(());
        };
        if row.log.is_removed() {
            self.page.runs_without_log += 1;
            self.at = Some(done);
            return Ok(());
        }
        self.page.runs_searched += 1;
        if from == Position::default() && self.ahead.has_no_line(key) {
            self.ahead.searched(false);
            self.at = Some(done);
            return Ok(());
        }
        let lines = Arc::new(lines);
        let mut tasks = match self.query.needs_tasks || self.counts.is_some() {
            true => self.tasks(key).await?,
            false => HashMap::new(),
        };
        let mut has_lines = false;
        let mut from = from;
        loop {
            let (hits, reached) = self.part(key, row, &lines, from, &mut tasks).await?;
            if self.sought == Sought::Runs && !hits.is_empty() {
                self.ahead.searched(true);
                self.found.push((key, row.clone()));
                self.at = Some(done);
                if self.found.len() == self.request.limit {
                    self.next = Some(done);
                }
                return Ok(());
            }
            if !hits.is_empty()
                && !std::mem::replace(&mut has_lines, true)
                && let Some(counts) = &mut self.counts
            {
                counts.add_run();
            }
            for hit in hits {
                let position = hit.position;
                self.take(key, row, hit, &mut tasks).await?;
                let at = SearchCursor {
                    run,
                    within: Some((row.id, position)),
                };
                if self.next.is_none() && self.page.hits.len() == self.request.limit {
                    self.next = Some(at);
                }
            }
            match reached {
                None => {
                    self.ahead.searched(has_lines);
                    self.at = Some(done);
                    return Ok(());
                }
                Some(position) => {
                    let within = Some((row.id, position));
                    self.at = Some(SearchCursor { run, within });
                    from = position;
                }
            }
            if self.is_full() {
                return Ok(());
            }
            if self.is_late() {
                self.page.timed_out = true;
                return Ok(());
            }
        }
    }

    /// Reads on in a run: until there are as many lines as are wanted, or the time is over. Returns the lines, and how
    /// far it came; none for the end of the run.
    async fn part(
        &self,
        key: ExecutionKey,
        row: &ExecutionRow,
        lines: &Arc<RunQuery>,
        from: Position,
        tasks: &mut HashMap<u32, FoundTask>,
    ) -> Result<(Vec<Hit>, Option<Position>), HistoryError> {
        let parts = searched_producers(row);
        let left = match self.sought {
            Sought::Lines => self.request.limit.saturating_sub(self.page.hits.len()),
            Sought::Runs => 1,
        };
        let options = ScanOptions {
            query: self.query.clone(),
            limit: if left > 0 { left } else { COUNTED },
            context: if left > 0 { self.request.context } else { 0 },
        };
        let Some(producer) = parts.get(usize::from(from.part)).copied() else {
            return Ok((Vec::new(), None));
        };
        let mut scan = Scan::new(ScanStart {
            options,
            run: lines.clone(),
            part: from.part,
            has_output: producer == row.output_from,
            started_us: row.started_us,
            corrected_us: row.description.clock_corrected_us,
            after: from,
            tasks: std::mem::take(tasks),
        });
        let mut late_blocks = 0;
        loop {
            let next = scan.next_seq();
            let blocks = self
                .store
                .blocks_from_seq(key, producer, next, BLOCKS)
                .await?;
            // Fewer than were requested: nothing comes after them.
            let is_last = blocks.len() < BLOCKS as usize;
            if !blocks.is_empty() {
                // Reading may take a while, and other requests need this thread.
                let read = tokio::task::spawn_blocking(move || {
                    for block in &blocks {
                        scan.read(block);
                        if scan.is_full() {
                            break;
                        }
                    }
                    scan
                });
                scan = read.await.map_err(|_| HistoryError::BrokenOff)?;
            }
            let is_late = !is_last && self.is_late() && scan.has_caught_up();
            if is_late && scan.is_waiting() && late_blocks < LATE_BLOCKS {
                // No later page returns to a line, so what comes after it is read even if that takes a little longer.
                scan.cut();
                late_blocks += BLOCKS;
                continue;
            }
            if scan.is_full() || is_late {
                let (is_cut, reached) = (scan.is_cut(), scan.position());
                let hits;
                (hits, *tasks) = scan.finish(false);
                let last = hits.last().filter(|_| is_cut);
                let reached = last.map_or(reached, |hit| hit.position);
                return Ok((hits, Some(reached)));
            }
            if is_last {
                let is_cut = scan.is_cut();
                let hits;
                (hits, *tasks) = scan.finish(is_final(row));
                // After the requested number of lines, the search stopped.
                if let Some(last) = hits.last().filter(|_| is_cut) {
                    let reached = last.position;
                    return Ok((hits, Some(reached)));
                }
                let part = from.part + 1;
                let next = Position {
                    part,
                    ..Position::default()
                };
                return Ok((hits, (usize::from(part) < parts.len()).then_some(next)));
            }
        }
    }

    /// Takes a line into the answer, and counts it.
    async fn take(
        &mut self,
        key: ExecutionKey,
        row: &ExecutionRow,
        hit: Hit,
        tasks: &mut HashMap<u32, FoundTask>,
    ) -> Result<(), HistoryError> {
        let task = match hit.task {
            Some(number) => self.task(key, number, tasks).await?,
            None => None,
        };
        if let Some(counts) = &mut self.counts {
            let (host, action) = (hit.host.as_deref(), hit.action.as_deref());
            counts.add(row, hit.at, host, task.as_ref(), action);
        }
        if self.page.hits.len() >= self.request.limit {
            return Ok(());
        }
        let task = task.map(|task| FoundTask {
            action: hit.action.unwrap_or(task.action),
            ..task
        });
        self.page.hits.push(SearchHit {
            execution: found_run(row),
            r#in: hit.place,
            line: hit.line,
            seq: hit.seq,
            time: time_from_us(hit.at),
            stream: hit.stream,
            host: hit.host,
            task,
            text: hit.parts.concat(),
            parts: hit.parts,
            before: hit.before,
            after: hit.after,
        });
        Ok(())
    }

    /// A task of the run, looked up if it is not known.
    async fn task(
        &self,
        key: ExecutionKey,
        number: u32,
        tasks: &mut HashMap<u32, FoundTask>,
    ) -> Result<Option<FoundTask>, StoreError> {
        if let Some(known) = tasks.get(&number) {
            return Ok(Some(known.clone()));
        }
        let found = self.store.tasks(key, number.saturating_sub(1), 1).await?;
        let found = found.into_iter().find(|task| task.number == number);
        let found = found.map(found_task);
        tasks.extend(found.clone().map(|task| (number, task)));
        Ok(found)
    }

    /// All tasks of a run.
    async fn tasks(&self, key: ExecutionKey) -> Result<HashMap<u32, FoundTask>, StoreError> {
        let mut tasks = HashMap::new();
        let mut after = 0;
        loop {
            let page = self.store.tasks(key, after, TASKS).await?;
            let Some(last) = page.last() else {
                return Ok(tasks);
            };
            after = last.number;
            tasks.extend(page.into_iter().map(|task| (task.number, found_task(task))));
        }
    }
}

fn found_task(task: TaskRow) -> FoundTask {
    FoundTask {
        number: task.number,
        name: task.name,
        role: task.role,
        action: task.action,
    }
}

fn found_run(row: &ExecutionRow) -> FoundRun {
    let description = &row.description;
    FoundRun {
        id: row.id,
        r#type: description.r#type,
        playbook: description.playbook.clone(),
        hosts: description.hosts.clone(),
        module: description.module.clone(),
        check: description.check,
        status: row.status,
        start_time: time_from_us(row.started_us),
    }
}
