//! The command's streams: a terminal where we have one, a pipe where we do not.
//!
//! | ours | the command's |
//! |---|---|
//! | stdin and stdout are terminals | a pseudo-terminal, which is its controlling terminal: [`Arrangement::Terminal`] |
//! | only one of them, or stderr | for each terminal a pseudo-terminal to print on; the rest is the shell's job: [`Arrangement::Job`] |
//! | no terminal | pipes, and a process group of its own: [`Arrangement::Apart`] |
//!
//! In a pipeline (`… | less`) the neighbours share the keyboard, so the command stays in the shell's job and reads it
//! itself, and Ctrl-C and Ctrl-Z reach it like the rest of the job.
//!
//! If our stdout and stderr are the same (`2>&1`), so are the command's: two pipes would lose the order of the output.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use playback_wire::Stream;
use pty_process::blocking::{Pts, Pty};
use rustix::fs::{FileType, fstat};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use rustix::termios::{
    OptionalActions, OutputModes, isatty, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
    tcsetwinsize,
};

/// Capacity of a pipe, in bytes: a command that prints much is woken less often.
const PIPE_BYTES: usize = 1 << 20;

/// The command's relation to the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// In a session of its own, on a pseudo-terminal; keys are passed on.
    Terminal,
    /// In our process group, part of the shell's job.
    Job,
    /// In a process group of its own, without a terminal.
    Apart,
}

/// One stream's reading end.
#[derive(Debug)]
pub(crate) struct Source {
    /// The stream that it is recorded as.
    pub(crate) stream: Stream,
    /// The descriptor to read its output from.
    pub(crate) fd: OwnedFd,
    /// It is a pseudo-terminal.
    pub(crate) terminal: bool,
}

/// The command's ends of its streams.
pub(crate) struct ChildStreams {
    /// The controlling terminal, in [`Arrangement::Terminal`].
    pub(crate) controlling: Option<Pts>,
    /// Where stdout goes. None: to the controlling terminal.
    pub(crate) stdout: Option<OwnedFd>,
    /// Where stderr goes. None: to the controlling terminal.
    pub(crate) stderr: Option<OwnedFd>,
}

/// The streams for a command that is about to start.
pub(crate) struct Streams {
    /// How the command stands to the terminal.
    pub(crate) arrangement: Arrangement,
    /// The reading ends, stdout first; one if both are the same.
    pub(crate) sources: Vec<Source>,
    /// The command's ends.
    pub(crate) theirs: ChildStreams,
}

impl Streams {
    /// Makes the streams for what this process has.
    ///
    /// # Errors
    /// The system gives no pipe or no pseudo-terminal.
    pub(crate) fn make() -> io::Result<Self> {
        let (stdin, stdout, stderr) = (
            rustix::stdio::stdin(),
            rustix::stdio::stdout(),
            rustix::stdio::stderr(),
        );
        let joined = are_one(stdout, stderr);
        if isatty(stdin) && isatty(stdout) {
            return Self::terminal(stdin, stdout, stderr);
        }
        let in_a_job = [stdin, stdout, stderr]
            .into_iter()
            .any(|fd| isatty(fd) && tcgetpgrp(fd).is_ok());
        let (out_source, out) = channel(Stream::Stdout, stdout)?;
        let mut sources = vec![out_source];
        let err = if joined {
            out.try_clone()?
        } else {
            let (source, err) = channel(Stream::Stderr, stderr)?;
            sources.push(source);
            err
        };
        Ok(Self {
            arrangement: if in_a_job {
                Arrangement::Job
            } else {
                Arrangement::Apart
            },
            sources,
            theirs: ChildStreams {
                controlling: None,
                stdout: Some(out),
                stderr: Some(err),
            },
        })
    }

    fn terminal(
        stdin: BorrowedFd<'_>,
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> io::Result<Self> {
        let (pty, pts) = pseudo_terminal(stdout)?;
        // The meaning of keys is set on the terminal that they come from.
        if let Ok(modes) = tcgetattr(stdin) {
            let _ = tcsetattr(&pts, OptionalActions::Now, &modes);
        }
        let mut sources = vec![Source {
            stream: Stream::Stdout,
            fd: pty.into(),
            terminal: true,
        }];
        let stderr = if isatty(stderr) {
            None
        } else {
            let (source, theirs) = channel(Stream::Stderr, stderr)?;
            sources.push(source);
            Some(theirs)
        };
        Ok(Self {
            arrangement: Arrangement::Terminal,
            sources,
            theirs: ChildStreams {
                controlling: Some(pts),
                stdout: None,
                stderr,
            },
        })
    }
}

/// A pipe or pseudo-terminal whose output goes to `ours`.
fn channel(stream: Stream, ours: BorrowedFd<'_>) -> io::Result<(Source, OwnedFd)> {
    if !isatty(ours) {
        let (fd, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        // A system limit may prevent it.
        let _ = fcntl_setpipe_size(&theirs, PIPE_BYTES);
        let source = Source {
            stream,
            fd,
            terminal: false,
        };
        return Ok((source, theirs));
    }
    let (pty, pts) = pseudo_terminal(ours)?;
    // The real terminal processes the output; here the bytes pass unchanged.
    if let Ok(mut modes) = tcgetattr(&pts) {
        modes.output_modes.remove(OutputModes::OPOST);
        let _ = tcsetattr(&pts, OptionalActions::Now, &modes);
    }
    let source = Source {
        stream,
        fd: pty.into(),
        terminal: true,
    };
    Ok((source, pts.as_fd().try_clone_to_owned()?))
}

/// A pseudo-terminal with the modes and the size of `like`.
fn pseudo_terminal(like: BorrowedFd<'_>) -> io::Result<(Pty, Pts)> {
    let (pty, pts) = pty_process::blocking::open().map_err(io::Error::other)?;
    if let Ok(modes) = tcgetattr(like) {
        let _ = tcsetattr(&pts, OptionalActions::Now, &modes);
    }
    copy_size(like, pty.as_fd());
    Ok((pty, pts))
}

/// Gives a pseudo-terminal the size of a terminal.
pub(crate) fn copy_size(from: BorrowedFd<'_>, to: BorrowedFd<'_>) {
    if let Ok(size) = tcgetwinsize(from) {
        let _ = tcsetwinsize(to, size);
    }
}

/// Whether two descriptors are one pipe, file or terminal. For `/dev/null` the order does not matter, and the record is
/// better with separate streams.
fn are_one(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> bool {
    let (Ok(a), Ok(b)) = (fstat(one), fstat(other)) else {
        return false;
    };
    let device = FileType::from_raw_mode(a.st_mode) == FileType::CharacterDevice;
    (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino) && (!device || isatty(one))
}
