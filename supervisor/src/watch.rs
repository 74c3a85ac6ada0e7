//! Watches the running command: passes on signals, keys and size, and handles its stops and its end.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use playback_wire::EndReason;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, SpecialCodeIndex, tcgetattr, tcgetpgrp};

use crate::capture::Capture;
use crate::copy::Copiers;
use crate::ending::{Due, Ending};
use crate::launch::Launched;
use crate::leave::End;
use crate::reap::{Change, reap};
use crate::say;
use crate::signals::{Received, Signals, stop_here};
use crate::streams::{Arrangement, copy_size};
use crate::terminal::Terminal;

/// How often we check whether the shell has brought us to the foreground, in microseconds: processes that were not
/// stopped are not told.
const LOOK_US: i64 = 200_000;

/// How the command ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    /// Its exit code or signal.
    pub(crate) end: End,
    /// Why, if its end was requested.
    pub(crate) reason: Option<EndReason>,
}

/// What is watched.
pub(crate) struct Watch<'a> {
    signals: &'a Signals,
    command: Pid,
    arrangement: Arrangement,
    capture: Arc<Capture>,
    wakes: OwnedFd,
    copiers: Copiers,
    /// The command's pseudo-terminals: the one that receives keys, and those that receive the size.
    masters: Vec<OwnedFd>,
    terminal: Option<Terminal>,
    /// Keys not yet sent to the command.
    keys: Vec<u8>,
    /// Our terminal is gone.
    hung_up: bool,
    ended: Option<End>,
    ending: Ending,
    reason: Option<EndReason>,
    /// The user does not want to wait for the rest of the output.
    abandoned: bool,
}

impl<'a> Watch<'a> {
    /// Starts to watch, and to copy.
    pub(crate) fn new(
        signals: &'a Signals,
        launched: Launched,
        capture: Arc<Capture>,
        wakes: OwnedFd,
        ending: Ending,
    ) -> io::Result<Self> {
        let mut masters = Vec::new();
        for source in launched.sources.iter().filter(|source| source.terminal) {
            masters.push(source.fd.try_clone()?);
        }
        let terminal = (launched.arrangement == Arrangement::Terminal).then(Terminal::on_stdin);
        if terminal.is_some()
            && let Some(master) = masters.first()
        {
            // A command that does not read its keys must not block us.
            rustix::io::ioctl_fionbio(master, true)?;
        }
        Ok(Self {
            signals,
            command: launched.pid,
            arrangement: launched.arrangement,
            copiers: Copiers::start(launched.sources, &capture)?,
            capture,
            wakes,
            masters,
            terminal,
            keys: Vec::new(),
            hung_up: false,
            ended: None,
            ending,
            reason: None,
            abandoned: false,
        })
    }

    /// Watches until the command has ended and all its output is shown and recorded.
    ///
    /// # Errors
    /// The system does not let us wait.
    pub(crate) fn run(mut self) -> io::Result<Ended> {
        self.take_terminal();
        // It may have ended before SIGCHLD could be read.
        self.look_at_children();
        while let Some(received) = self.signals.next() {
            self.received(received);
        }
        loop {
            if let Some(end) = self.ended
                && (self.copiers.are_done() || self.abandoned)
            {
                return Ok(Ended {
                    end,
                    reason: self.reason,
                });
            }
            self.wait()?;
        }
    }

    /// Waits for the next event, and handles it.
    fn wait(&mut self) -> io::Result<()> {
        let timeout = self.timeout();
        let taken = self
            .terminal
            .as_ref()
            .filter(|terminal| terminal.is_taken());
        let keyboard = taken
            .filter(|_| self.keys.is_empty() && !self.hung_up && self.ended.is_none())
            .map(Terminal::fd);
        let mut fds = vec![
            PollFd::new(self.signals, PollFlags::IN),
            PollFd::new(&self.wakes, PollFlags::IN),
        ];
        if let Some(keyboard) = keyboard {
            fds.push(PollFd::from_borrowed_fd(keyboard, PollFlags::IN));
        } else if !self.keys.is_empty()
            && let Some(master) = self.masters.first()
        {
            fds.push(PollFd::new(master, PollFlags::OUT));
        }
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let third = fds.get(2).is_some_and(|fd| !fd.revents().is_empty());
        if !fds[1].revents().is_empty() {
            let _ = rustix::io::read(&self.wakes, &mut [0_u8; 512]);
        }
        self.capture.flush_due();
        self.end_what_is_due();
        while let Some(received) = self.signals.next() {
            self.received(received);
        }
        if third && keyboard.is_some() {
            self.read_keys();
        }
        self.send_keys();
        self.take_terminal();
        Ok(())
    }

    fn timeout(&self) -> Option<Timespec> {
        let look = self
            .terminal
            .as_ref()
            .filter(|terminal| !terminal.is_taken() && self.ended.is_none())
            .map(|_| LOOK_US);
        let end = self.ending.wait_us().filter(|_| self.ended.is_none());
        let wait = [self.capture.flush_due(), look, end]
            .into_iter()
            .flatten()
            .min()?;
        Some(Timespec {
            tv_sec: 0,
            tv_nsec: wait.clamp(0, 999_999) * 1_000,
        })
    }

    fn received(&mut self, received: Received) {
        match received.signal {
            Signal::SIGCHLD => self.look_at_children(),
            Signal::SIGWINCH => self.resize(),
            Signal::SIGTSTP => self.stop(Some(received)),
            Signal::SIGCONT => {
                self.pass_on(Signal::SIGCONT);
                self.resize();
            }
            signal if self.ended.is_none() => {
                if received.asks_for_the_end() {
                    self.is_canceled();
                }
                // The terminal has sent it to the whole job already.
                if self.arrangement != Arrangement::Job || !received.from_terminal {
                    self.pass_on(signal);
                }
            }
            // A request to end after the command's own end means: do not wait for the reader.
            _ => self.abandoned |= received.asks_for_the_end(),
        }
    }

    fn look_at_children(&mut self) {
        match reap(self.command) {
            Some(Change::Ended(end)) if self.ended.is_none() => {
                self.ended = Some(end);
                // Their results are no longer received.
                self.ending.kill_descendants();
                self.copiers.stop();
                // The shell's next prompt must not find a raw terminal, however slow our reader is.
                if self.copiers.are_done()
                    && let Some(terminal) = &mut self.terminal
                {
                    terminal.give_back();
                }
            }
            // It stopped itself, which our caller must see.
            Some(Change::Stopped) if self.arrangement == Arrangement::Terminal => self.stop(None),
            _ => {}
        }
    }

    /// Passes a signal to the command: to its whole group, if that is its own.
    fn pass_on(&self, signal: Signal) {
        if self.ended.is_some() {
            // The process id may have been reused.
            return;
        }
        let _ = match self.arrangement {
            Arrangement::Job => kill(self.command, signal),
            Arrangement::Terminal | Arrangement::Apart => killpg(self.command, signal),
        };
    }

    /// Stops the command and then ourselves; returns when we are continued.
    fn stop(&mut self, received: Option<Received>) {
        match self.arrangement {
            // In the pseudo-terminal's session no process could continue the command, so the system does not stop it
            // for a key; only a signal that cannot be ignored works.
            Arrangement::Terminal => {
                self.pass_on(Signal::SIGSTOP);
                self.signal_foreground(Signal::SIGSTOP);
            }
            Arrangement::Apart => self.pass_on(Signal::SIGTSTP),
            Arrangement::Job if received.is_some_and(|received| received.from_terminal) => {}
            Arrangement::Job => self.pass_on(Signal::SIGTSTP),
        }
        if let Some(terminal) = &mut self.terminal {
            terminal.give_back();
        }
        self.capture.flush_due();
        stop_here();
        self.take_terminal();
        self.resize();
        self.signal_foreground(Signal::SIGCONT);
        self.pass_on(Signal::SIGCONT);
    }

    /// Signals the foreground group of the command's pseudo-terminal, if that is not the command's own group.
    fn signal_foreground(&self, signal: Signal) {
        if self.arrangement == Arrangement::Terminal
            && self.ended.is_none()
            && let Some(master) = self.masters.first()
            && let Ok(group) = tcgetpgrp(master)
            && group.as_raw_nonzero().get() != self.command.as_raw()
        {
            let _ = killpg(Pid::from_raw(group.as_raw_nonzero().get()), signal);
        }
    }

    fn take_terminal(&mut self) {
        if self.ended.is_none()
            && let Some(terminal) = &mut self.terminal
        {
            terminal.take();
        }
    }

    /// Sets the size of the command's terminals to that of ours.
    fn resize(&self) {
        let ours = [
            rustix::stdio::stdout(),
            rustix::stdio::stderr(),
            rustix::stdio::stdin(),
        ];
        let Some(ours) = ours.into_iter().find(|fd| rustix::termios::isatty(fd)) else {
            return;
        };
        for master in &self.masters {
            copy_size(ours, master.as_fd());
        }
        if self.arrangement == Arrangement::Job {
            // The terminal sent the signal before the command's terminal had the size.
            self.pass_on(Signal::SIGWINCH);
        }
    }

    fn read_keys(&mut self) {
        let mut buffer = [0; 4096];
        match rustix::io::read(rustix::stdio::stdin(), &mut buffer) {
            Ok(0) => self.hang_up(),
            Ok(read) => self.keys.extend_from_slice(&buffer[..read]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.hang_up(),
        }
    }

    /// The terminal is gone, for example because its window was closed.
    fn hang_up(&mut self) {
        self.hung_up = true;
        self.is_canceled();
        self.pass_on(Signal::SIGHUP);
    }

    /// A request to end the command arrived.
    fn is_canceled(&mut self) {
        self.reason.get_or_insert(EndReason::Canceled);
        self.ending.note_termination(self.command);
    }

    /// Ends a command at its timeout.
    fn end_what_is_due(&mut self) {
        if self.ended.is_some() {
            return;
        }
        match self.ending.due() {
            Some(Due::Terminate) => {
                self.reason = Some(EndReason::TimedOut);
                say(
                    &self.capture,
                    &"the time is up: the command is asked to end (SIGTERM)",
                );
                self.ending.note_termination(self.command);
                self.pass_on(Signal::SIGTERM);
                // A stopped command could not even end.
                self.pass_on(Signal::SIGCONT);
            }
            Some(Due::Kill) => {
                let seconds = self.ending.grace_seconds();
                let text =
                    format!("the command did not end within {seconds} s: it is killed (SIGKILL)");
                say(&self.capture, &text);
                self.pass_on(Signal::SIGKILL);
                self.ending.kill_descendants();
            }
            None => {}
        }
    }

    /// Sends keys, as many as the command's terminal accepts now.
    fn send_keys(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let Some(master) = self.masters.first() else {
            return;
        };
        let stops_at = tcgetattr(master)
            .ok()
            .filter(|modes| modes.local_modes.contains(LocalModes::ISIG))
            .map(|modes| modes.special_codes[SpecialCodeIndex::VSUSP])
            // Zero means that there is no such key.
            .filter(|key| *key != 0)
            .and_then(|key| self.keys.iter().position(|byte| *byte == key));
        let until = stops_at.unwrap_or(self.keys.len());
        match rustix::io::write(master, &self.keys[..until]) {
            Ok(written) if written == until => {
                self.keys.drain(..until);
                if stops_at.is_some() {
                    self.keys.remove(0);
                    self.stop(None);
                }
            }
            Ok(written) => drop(self.keys.drain(..written)),
            Err(Errno::INTR | Errno::AGAIN) => {}
            // The command has closed its terminal.
            Err(_) => self.keys.clear(),
        }
    }
}
