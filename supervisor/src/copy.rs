//! Copies one of the command's output streams: records it, then shows it, byte for byte and at once.
//!
//! Each stream has a thread, because showing waits for the reader of our output, as the command would wait without us;
//! keys and signals must not wait with it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use playback_wire::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::termios::{OutputModes, tcgetattr};

use crate::capture::Capture;
use crate::streams::Source;
use crate::text::CarriageReturns;

/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;

/// After the command's end, output is complete when nothing has arrived for this long.
const QUIET: Duration = Duration::from_millis(50);

/// Maximum bytes read after the command's end from other processes that still hold its streams: more than any pipe
/// holds.
const REST_BYTES: usize = 4 << 20;

/// The threads that copy.
#[derive(Debug)]
pub(crate) struct Copiers {
    left: Arc<AtomicUsize>,
    /// Closed when the command has ended.
    stop: Option<OwnedFd>,
}

impl Copiers {
    /// Starts a thread for each source.
    ///
    /// # Errors
    /// A pipe or a thread cannot be created.
    pub(crate) fn start(sources: Vec<Source>, capture: &Arc<Capture>) -> std::io::Result<Self> {
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)?;
        let stopped = Arc::new(stopped);
        let left = Arc::new(AtomicUsize::new(sources.len()));
        for source in sources {
            let copier = Copier {
                source,
                stopped: Arc::clone(&stopped),
                left: Arc::clone(&left),
                capture: Arc::clone(capture),
                returns: CarriageReturns::default(),
            };
            std::thread::Builder::new()
                .name("playback-copy".into())
                .spawn(move || copier.run())?;
        }
        Ok(Self {
            left,
            stop: Some(stop),
        })
    }

    /// The command has ended: output that was already printed is still copied, and nothing more.
    pub(crate) fn stop(&mut self) {
        self.stop = None;
    }

    /// Whether every stream is at its end.
    pub(crate) fn are_done(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }
}

struct Copier {
    source: Source,
    stopped: Arc<OwnedFd>,
    left: Arc<AtomicUsize>,
    capture: Arc<Capture>,
    returns: CarriageReturns,
}

/// Notes that a stream has ended, for whatever reason.
impl Drop for Copier {
    fn drop(&mut self) {
        self.left.fetch_sub(1, Ordering::SeqCst);
        self.capture.wake();
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Read,
    /// The reader of our output is gone.
    ReaderGone,
    /// The command has ended.
    Stopped,
    /// The stream is quiet after the command's end.
    Over,
}

impl Copier {
    fn run(mut self) {
        let target = match self.source.stream {
            Stream::Stdout => rustix::stdio::stdout(),
            Stream::Stderr => rustix::stdio::stderr(),
        };
        let mut buffer = vec![0; READ_BYTES];
        let mut shown = true;
        let mut rest: Option<usize> = None;
        while rest != Some(0) {
            match self.wait(shown.then_some(target), rest.is_some()) {
                Next::Read => {}
                Next::Stopped => {
                    rest = Some(REST_BYTES);
                    continue;
                }
                Next::ReaderGone => {
                    shown = false;
                    // Our end is closed, so that the command finds its reader gone, as it would without us. What it had
                    // printed by then is still recorded.
                    if !self.source.terminal {
                        rest = Some(self.waiting());
                    }
                    continue;
                }
                Next::Over => break,
            }
            let read = match rustix::io::read(&self.source.fd, &mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(Errno::INTR | Errno::AGAIN) => continue,
                // A pseudo-terminal that no process holds any longer ends with an error.
                Err(_) => break,
            };
            self.record(&buffer[..read]);
            if shown && !show(target, &buffer[..read]) {
                shown = false;
                if !self.source.terminal {
                    rest = Some(read + self.waiting());
                }
            }
            if let Some(left) = &mut rest {
                *left = left.saturating_sub(read);
            }
        }
        let mut last = Vec::new();
        self.returns.finish(&mut last);
        self.capture.printed(self.source.stream, &last);
    }

    /// Waits for something to do. `draining`: only what is already there is read.
    fn wait(&self, target: Option<BorrowedFd<'_>>, draining: bool) -> Next {
        let source = self.source.fd.as_fd();
        let mut fds = vec![PollFd::from_borrowed_fd(source, PollFlags::IN)];
        // Only hang-up events matter for these two, and they are always reported.
        if !draining {
            fds.push(PollFd::new(&*self.stopped, PollFlags::empty()));
        }
        if let Some(target) = target {
            fds.push(PollFd::from_borrowed_fd(target, PollFlags::empty()));
        }
        let timeout = draining.then(|| Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(QUIET.subsec_nanos()),
        });
        loop {
            match poll(&mut fds, timeout.as_ref()) {
                Ok(0) => return Next::Over,
                Err(Errno::INTR) => {}
                Err(_) => return Next::Over,
                Ok(_) => break,
            }
        }
        let ended = |at: usize| {
            let flags = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
            fds.get(at).is_some_and(|fd| fd.revents().intersects(flags))
        };
        let at = usize::from(!draining);
        if target.is_some() && ended(at + 1) {
            Next::ReaderGone
        } else if !fds[0].revents().is_empty() {
            Next::Read
        } else if !draining && ended(1) {
            Next::Stopped
        } else {
            Next::Over
        }
    }

    /// Bytes that the command has printed and that were not read yet.
    fn waiting(&self) -> usize {
        let bytes = rustix::io::ioctl_fionread(&self.source.fd).unwrap_or(0);
        usize::try_from(bytes).unwrap_or(0)
    }

    fn record(&mut self, bytes: &[u8]) {
        let stream = self.source.stream;
        let adds = self.source.terminal
            && tcgetattr(&self.source.fd).is_ok_and(|modes| {
                modes
                    .output_modes
                    .contains(OutputModes::OPOST | OutputModes::ONLCR)
            });
        let mut printed = Vec::new();
        if adds {
            self.returns.take_back(bytes, &mut printed);
        } else if self.source.terminal {
            self.returns.finish(&mut printed);
            printed.extend_from_slice(bytes);
        } else {
            self.capture.printed(stream, bytes);
            return;
        }
        self.capture.printed(stream, &printed);
    }
}

/// Writes all of it. False: the reader is gone.
fn show(target: BorrowedFd<'_>, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match rustix::io::write(target, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            // Another process that shares our output made it non-blocking.
            Err(Errno::AGAIN) => {
                let _ = poll(
                    &mut [PollFd::from_borrowed_fd(target, PollFlags::OUT)],
                    None,
                );
            }
            Err(_) => return false,
        }
    }
    true
}
