//! Printed lines of executions.

use playback_wire::Stream;

use super::Rows;
use crate::export::ExportError;
use crate::export::runs::{Run, Runs};
use crate::export::tables::LineOfRun;
use crate::history;
use crate::live::LINE_LIMIT;
use crate::log::lines::Line;
use crate::log::output::OutputReader;
use crate::store::Store;

/// Text that is read before it is passed on, in bytes. Of an execution that printed more, the first lines are sent before
/// the last ones are read.
const BYTES: usize = 2 << 20;

/// The memory of a line beside its text, in bytes.
const LINE_BYTES: usize = 128;

/// Printed lines of executions.
pub(in crate::export) struct OutputRows {
    store: Store,
    runs: Runs,
    /// Only what went there.
    stream: Option<Stream>,
    open: Option<OpenRun>,
}

/// The execution whose lines are being read.
struct OpenRun {
    run: Run,
    reader: OutputReader,
    /// Whether some of its lines were passed on.
    is_sent: bool,
}

impl OutputRows {
    pub(in crate::export) fn new(store: Store, runs: Runs, stream: Option<Stream>) -> Self {
        Self {
            store,
            runs,
            stream,
            open: None,
        }
    }

    /// The execution to continue with; none if there are no more.
    async fn open(&mut self) -> Result<Option<OpenRun>, ExportError> {
        if let Some(open) = self.open.take() {
            return Ok(Some(open));
        }
        loop {
            self.runs.pending().await?;
            let Some(run) = self.runs.take(1).pop() else {
                return Ok(None);
            };
            if run.1.output_lines > 0 && !run.1.log.is_removed() {
                let reader = OutputReader::new(self.store.clone(), run.0, &run.1, 0);
                return Ok(Some(OpenRun {
                    run,
                    reader: reader.keeping(LINE_LIMIT),
                    is_sent: false,
                }));
            }
        }
    }

    /// Whether an execution, and its log, are still there. If not, what was read of it may be a part.
    async fn is_there(&self, run: &Run) -> Result<bool, ExportError> {
        let found = self.store.execution(run.1.id).await?;
        Ok(found.is_some_and(|(_, row)| !row.log.is_removed()))
    }

    fn row(&self, run: &Run, line: Line) -> Option<LineOfRun> {
        let is_wanted = self.stream.is_none_or(|stream| stream == line.stream);
        is_wanted.then(|| LineOfRun {
            run: run.1.clone(),
            line,
        })
    }
}

impl Rows for OutputRows {
    type Row = LineOfRun;

    async fn next(&mut self) -> Result<Option<Vec<LineOfRun>>, ExportError> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while bytes < BYTES {
            let Some(mut open) = self.open().await? else {
                let is_over = rows.is_empty();
                return Ok((!is_over).then_some(rows));
            };
            // All lines of the execution, or as many as fit.
            let (mut lines, mut own, mut is_over) = (Vec::new(), 0, false);
            while own < BYTES && !is_over {
                let next = open.reader.next_lines().await?;
                is_over = next.is_empty();
                let sizes = next.iter().map(|line| LINE_BYTES + line.text.len());
                own += sizes.sum::<usize>();
                lines.extend(next);
            }
            bytes += own;
            let run = open.run.clone();
            if is_over {
                if history::is_final(&run.1) {
                    lines.extend(open.reader.finish());
                }
                match (self.is_there(&run).await?, open.is_sent) {
                    (true, _) => {}
                    (false, true) => return Err(ExportError::Vanished(run.1.id)),
                    (false, false) => continue,
                }
            } else {
                open.is_sent = true;
                self.open = Some(open);
            }
            rows.extend(lines.into_iter().filter_map(|line| self.row(&run, line)));
        }
        Ok(Some(rows))
    }
}
