//! `playback exec` at a terminal: the command has a terminal, too, and keys work as usual.

use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use pty_process::Size;
use pty_process::blocking::{Pty, open};
use rustix::termios::{LocalModes, tcgetattr};

use crate::exec::Spools;
use crate::harness::{PLAYBACK, eventually};

/// A person at a terminal.
pub(crate) struct Person {
    pty: Arc<Pty>,
    seen: Arc<Mutex<Vec<u8>>>,
    child: Child,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Person {
    /// Runs this at a terminal of 33 lines and 101 columns.
    pub(crate) fn runs(command: Command) -> Self {
        Self::runs_at(command, 101)
    }

    /// Runs this at a terminal that is so wide.
    pub(crate) fn runs_at(command: Command, columns: u16) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(33, columns)).unwrap();
        let envs: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        // A shell that runs the tests in the background has them ignore Ctrl-C, and what they start, too.
        let child = pty_process::blocking::Command::new("/usr/bin/env")
            .arg("--default-signal=INT,QUIT")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .envs(envs)
            .spawn(pts)
            .unwrap();
        let (pty, seen) = (Arc::new(pty), Arc::new(Mutex::new(Vec::new())));
        let (screen, kept) = (Arc::clone(&pty), Arc::clone(&seen));
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = (&*screen).read(&mut buffer) {
                kept.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Self {
            pty,
            seen,
            child,
            reader: Some(reader),
        }
    }

    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    /// All that is to be seen when the command has ended.
    pub(crate) fn sees_all(mut self) -> String {
        self.leaves();
        // The terminal ends with the last process that has it.
        self.reader.take().unwrap().join().unwrap();
        self.screen()
    }

    pub(crate) fn sees(&self, what: &str) {
        eventually(what, || self.screen().contains(what).then_some(()));
    }

    pub(crate) fn types(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Whether keys are echoed and joined to lines, as a shell expects its terminal.
    pub(crate) fn terminal_is_usual(&self) -> bool {
        let modes = tcgetattr(self.pty.as_fd()).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    pub(crate) fn leaves(&mut self) -> std::process::ExitStatus {
        eventually("the command's end", || self.child.try_wait().unwrap())
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_command_has_a_terminal_of_our_size_and_reads_keys() {
    let spools = Spools::new();
    let script = "for i in 0 1 2; do test -t $i && echo tty$i; done; stty size; \
                  printf 'Name: '; read x; echo \"hello $x\"; exit 6";
    let mut person = Person::runs(spools.script(script));
    person.sees("Name: ");
    eventually("the keys to be the command's", || {
        (!person.terminal_is_usual()).then_some(())
    });
    person.types("you\r");
    assert_eq!(person.leaves().code(), Some(6));
    person.sees("hello you\r\n");
    assert!(person.terminal_is_usual(), "it is as it was");
    let record = spools.printed();
    assert_eq!(record, "tty0\ntty1\ntty2\n33 101\nName: you\nhello you\n");
}

#[test]
fn a_new_size_is_told() {
    let spools = Spools::new();
    let script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.02; done";
    let mut person = Person::runs(spools.script(script));
    person.sees("ready");
    person.pty.resize(Size::new(44, 55)).unwrap();
    person.sees("44 55");
    assert!(person.leaves().success());
}

#[test]
fn ctrl_c_interrupts() {
    use std::os::unix::process::ExitStatusExt as _;
    let spools = Spools::new();
    let mut person = Person::runs(spools.script("echo ready; exec sleep 600"));
    person.sees("ready");
    person.types("\x03");
    assert_eq!(person.leaves().signal(), Some(2));
    assert!(person.terminal_is_usual());
    assert_eq!(spools.end()["signal"], 2);
}

#[test]
fn ctrl_z_stops_and_fg_goes_on() {
    let spools = Spools::new();
    let shell = format!(
        "set -m; {PLAYBACK} exec -- sh -c 'echo ready; read x; echo \"got $x\"'; echo stopped=$?; fg; echo over=$?"
    );
    let mut person = Person::runs(spools.command("bash", &["-c", &shell]));
    person.sees("ready");
    eventually("the keys to be the command's", || {
        (!person.terminal_is_usual()).then_some(())
    });
    person.types("\x1a");
    person.sees("stopped=148");
    eventually("the keys to be the command's again", || {
        (!person.terminal_is_usual()).then_some(())
    });
    person.types("on\r");
    person.sees("got on");
    person.sees("over=0");
    assert!(person.leaves().success());
    assert!(person.terminal_is_usual());
}

#[test]
fn in_a_pipeline_the_keyboard_is_left_to_the_job() {
    let spools = Spools::new();
    // The command ends in `read`, which starts no process: a shell that has just begun one may swallow the interrupt.
    let shell = format!(
        "set -m; {PLAYBACK} exec -- sh -c 'for i in 0 1 2; do test -t $i && echo tty$i; done; \
         read x; echo \"got $x\"; read y' | cat; echo over=${{PIPESTATUS[0]}}"
    );
    let mut person = Person::runs(spools.command("bash", &["-c", &shell]));
    person.sees("tty0\r\ntty2\r\n");
    assert!(person.terminal_is_usual(), "nobody touches it");
    person.types("on\r");
    person.sees("got on");
    person.types("\x03");
    if person.leaves().success() {
        // What the shell said last may still be on its way to the screen.
        person.sees("over=130");
    }
    assert_eq!(spools.printed(), "tty0\ntty2\ngot on\n");
    assert_eq!(spools.end()["signal"], 2);
}
