//! Makes a bundle while it is sent.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, unfold};
use playback_wire::Producer;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::line::{
    BlockLine, BundleEnd, ExecutionLine, Header, LaunchLine, LeftOutLine, Line, RunEnd, VERSION,
    hexadecimal,
};
use crate::export::ExportError;
use crate::export::runs::{Run, Runs};
use crate::history::is_final;
use crate::model::BlockRow;
use crate::store::{LogExtent, Store};

/// Blocks that are read at once; one has up to 16 MiB.
const BLOCKS: u32 = 4;

/// Compressed bytes that are sent at once, at least.
const SENT: usize = 64 << 10;

/// Of an execution with a smaller log, everything is read before the first line of it is sent.
const WHOLE_BYTES: usize = 8 << 20;

/// How often to read a log that changes meanwhile.
const TRIES: usize = 5;

/// Level of zstd: most of the data was compressed before.
const LEVEL: i32 = 1;

struct Bundle {
    store: Store,
    runs: Runs,
    zstd: zstd::stream::write::Encoder<'static, Vec<u8>>,
    open: Option<OpenRun>,
    executions: u64,
}

/// An execution whose log is being sent.
struct OpenRun {
    run: Run,
    /// Place of the producer whose blocks come next, and the first of their events.
    next: (usize, u64),
    extent: LogExtent,
    blocks: u64,
    hash: Sha256,
}

/// Begins a bundle.
pub(in crate::export) async fn begin(
    store: Store,
    mut runs: Runs,
) -> Result<BoxStream<'static, Result<Bytes, ExportError>>, ExportError> {
    runs.pending().await?;
    let mut bundle = Bundle {
        store,
        runs,
        zstd: zstd::stream::write::Encoder::new(Vec::new(), LEVEL)?,
        open: None,
        executions: 0,
    };
    bundle.line(None, &header())?;
    let steps = unfold(Some(bundle), |bundle| async move {
        match bundle?.step().await {
            Ok((bytes, bundle)) => Some((Ok(bytes), bundle)),
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(steps.boxed())
}

/// A line with its end; `hash` takes it in.
fn encoded(hash: Option<&mut Sha256>, line: &Line) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    if let Some(hash) = hash {
        hash.update(&text);
    }
    Ok(text)
}

fn header() -> Line {
    Line::PlaybackBundle(Header {
        version: VERSION,
        made_by: concat!("playback ", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

fn block_line(block: &BlockRow) -> BlockLine {
    BlockLine {
        producer: block.producer,
        first_seq: block.first_seq,
        last_seq: block.last_seq,
        first_line: block.first_line,
        lines: block.lines,
        raw_bytes: block.raw_bytes,
        data: STANDARD.encode(&block.data),
    }
}

/// Writes a bundle of runs that are not in any store.
pub struct BundleWriter<W: Write> {
    zstd: zstd::stream::write::Encoder<'static, W>,
    executions: u64,
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(out: W) -> io::Result<Self> {
        let mut zstd = zstd::stream::write::Encoder::new(out, LEVEL)?;
        zstd.write_all(&encoded(None, &header())?)?;
        Ok(Self {
            zstd,
            executions: 0,
        })
    }

    /// Writes a run with its log.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn run(&mut self, id: Uuid, blocks: &[BlockRow]) -> io::Result<()> {
        let mut hash = Sha256::new();
        let line = ExecutionLine {
            id,
            arrived_us: None,
            alive_us: None,
            run_key: None,
            begun_by: None,
            launch: None,
        };
        let line = Line::Execution(Box::new(line));
        self.zstd.write_all(&encoded(Some(&mut hash), &line)?)?;
        for block in blocks {
            let line = Line::Block(block_line(block));
            self.zstd.write_all(&encoded(Some(&mut hash), &line)?)?;
        }
        self.executions += 1;
        let end = Line::End(RunEnd {
            blocks: blocks.len() as u64,
            sha256: hexadecimal(&hash.finalize()),
        });
        self.zstd.write_all(&encoded(None, &end)?)
    }

    /// Ends the bundle.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        let executions = self.executions;
        self.zstd
            .write_all(&encoded(None, &Line::Over(BundleEnd { executions }))?)?;
        self.zstd.finish()
    }
}

impl Bundle {
    /// Writes a line; `hash` takes it in.
    fn line(&mut self, hash: Option<&mut Sha256>, line: &Line) -> Result<(), ExportError> {
        self.zstd.write_all(&encoded(hash, line)?)?;
        Ok(())
    }

    async fn step(mut self) -> Result<(Bytes, Option<Self>), ExportError> {
        loop {
            if self.zstd.get_ref().len() >= SENT {
                let bytes = std::mem::take(self.zstd.get_mut());
                return Ok((Bytes::from(bytes), Some(self)));
            }
            if let Some(open) = self.open.take() {
                self.go_on(open).await?;
                continue;
            }
            self.runs.pending().await?;
            let Some(run) = self.runs.take(1).pop() else {
                let executions = self.executions;
                self.line(None, &Line::Over(BundleEnd { executions }))?;
                return Ok((Bytes::from(self.zstd.finish()?), None));
            };
            self.run(run).await?;
        }
    }

    /// Writes an execution, or begins with it.
    async fn run(&mut self, run: Run) -> Result<(), ExportError> {
        let why = match (is_final(&run.1), run.1.log.is_removed()) {
            (false, _) => Some("it is not over"),
            (true, true) => Some("retention removed its log"),
            (true, false) => None,
        };
        if let Some(why) = why {
            let left_out = LeftOutLine {
                id: run.1.id,
                why: why.to_owned(),
            };
            return self.line(None, &Line::LeftOut(left_out));
        }
        for _ in 0..TRIES {
            let Some(line) = self.execution_line(&run).await? else {
                // It was deleted meanwhile.
                return Ok(());
            };
            let extent = self.store.log_extent(run.0).await?;
            let whole = self.whole(&run).await?;
            if whole.is_some() && !self.is_same(&run, extent).await? {
                continue;
            }
            let mut open = OpenRun {
                run,
                next: (0, 1),
                extent,
                blocks: 0,
                hash: Sha256::new(),
            };
            self.line(Some(&mut open.hash), &Line::Execution(Box::new(line)))?;
            match whole {
                Some(blocks) => {
                    for block in blocks {
                        self.block(&mut open, &block)?;
                    }
                    return self.end(open);
                }
                None => {
                    self.open = Some(open);
                    return Ok(());
                }
            }
        }
        Err(ExportError::Vanished(run.1.id))
    }

    /// The stored fields of an execution that its events do not contain; none if it was deleted.
    async fn execution_line(&self, run: &Run) -> Result<Option<ExecutionLine>, ExportError> {
        let id = run.1.id;
        let Some(head) = self.store.head(id).await? else {
            return Ok(None);
        };
        let (arrived_us, alive_us) = self.store.noted_times(run.0).await?;
        let launch = self.store.launch(id).await?;
        Ok(Some(ExecutionLine {
            id,
            arrived_us,
            alive_us,
            run_key: head.owner.key.map(|key| hexadecimal(&key)),
            begun_by: head.owner.token,
            launch: launch.map(|launch| LaunchLine {
                parameters: launch.parameters,
                queued_us: launch.queued_us,
            }),
        }))
    }

    /// All blocks of an execution, if they are small.
    async fn whole(&self, run: &Run) -> Result<Option<Vec<BlockRow>>, ExportError> {
        let (mut blocks, mut bytes) = (Vec::new(), 0);
        for producer in Producer::ALL {
            let mut from = 1;
            loop {
                let found = self
                    .store
                    .blocks_from_seq(run.0, producer, from, BLOCKS)
                    .await?;
                let Some(last) = found.last() else { break };
                from = last.block.last_seq + 1;
                bytes += found
                    .iter()
                    .map(|stored| stored.block.data.len())
                    .sum::<usize>();
                if bytes > WHOLE_BYTES {
                    return Ok(None);
                }
                blocks.extend(found.into_iter().map(|stored| stored.block));
            }
        }
        Ok(Some(blocks))
    }

    /// Whether an execution is there, and its log is the same as before.
    async fn is_same(&self, run: &Run, extent: LogExtent) -> Result<bool, ExportError> {
        let found = self.store.execution(run.1.id).await?;
        let has_log = found.is_some_and(|(key, row)| key == run.0 && !row.log.is_removed());
        Ok(has_log && self.store.log_extent(run.0).await? == extent)
    }

    /// Writes the next blocks of an execution.
    async fn go_on(&mut self, mut open: OpenRun) -> Result<(), ExportError> {
        let (at, from) = open.next;
        let Some(producer) = Producer::ALL.get(at) else {
            if !self.is_same(&open.run, open.extent).await? {
                return Err(ExportError::Vanished(open.run.1.id));
            }
            return self.end(open);
        };
        let found = self
            .store
            .blocks_from_seq(open.run.0, *producer, from, BLOCKS)
            .await?;
        open.next = match found.last() {
            Some(last) => (at, last.block.last_seq + 1),
            None => (at + 1, 1),
        };
        for stored in found {
            self.block(&mut open, &stored.block)?;
        }
        self.open = Some(open);
        Ok(())
    }

    fn block(&mut self, open: &mut OpenRun, block: &BlockRow) -> Result<(), ExportError> {
        open.blocks += 1;
        self.line(Some(&mut open.hash), &Line::Block(block_line(block)))
    }

    fn end(&mut self, open: OpenRun) -> Result<(), ExportError> {
        self.executions += 1;
        let end = RunEnd {
            blocks: open.blocks,
            sha256: hexadecimal(&open.hash.finalize()),
        };
        self.line(None, &Line::End(end))
    }
}
