//! A folder with playbooks and an inventory; measures the cost of running them.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, anyhow, ensure};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::clock::Stopwatch;
use crate::{Scratch, cpu};

/// What a run cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// User and system time of Ansible and all its children, in seconds.
    pub(crate) cpu_s: f64,
    /// From start to end, in seconds.
    pub(crate) wall_s: f64,
}

/// Hosts of the inventory; all are this machine.
pub(crate) const HOSTS: usize = 20;

/// The playbooks and the Ansible that runs them.
pub(crate) struct Site {
    folder: PathBuf,
    bin: PathBuf,
}

impl Site {
    /// Writes the folder. `bin` is the folder that holds `ansible-playbook`.
    pub(crate) fn write(scratch: &Scratch, name: &str, bin: &Path) -> Result<Self> {
        let folder = scratch.file(name);
        std::fs::create_dir(&folder)?;
        let mut hosts = String::new();
        for host in 0..HOSTS {
            writeln!(hosts, "web{host:02} ansible_connection=local")?;
        }
        std::fs::write(folder.join("hosts.ini"), hosts)?;
        std::fs::write(
            folder.join("ansible.cfg"),
            "[defaults]\ninventory = hosts.ini\nforks = 10\ninterpreter_python = auto_silent\n\
             [connection]\npipelining = true\n",
        )?;
        Ok(Self {
            folder,
            bin: bin.to_owned(),
        })
    }

    /// Writes a playbook of so many equal tasks.
    pub(crate) fn playbook(&self, name: &str, task: &str, tasks: usize) -> Result<()> {
        let mut text = "- hosts: all\n  gather_facts: false\n  tasks:\n".to_owned();
        for number in 0..tasks {
            writeln!(text, "    - name: Step {number}\n      {task}")?;
        }
        std::fs::write(self.folder.join(name), text)?;
        Ok(())
    }

    /// Runs a playbook with these variables in its environment.
    pub(crate) fn run(&self, playbook: &str, environment: &[(&str, OsString)]) -> Result<Cost> {
        self.measure(
            Command::new(self.bin.join("ansible-playbook")).arg(playbook),
            "printed.log",
            environment,
        )
    }

    /// Runs a playbook twice at the same time, each on a processor of its own: what makes a shared machine
    /// slower for a while makes both slower.
    pub(crate) fn run_side_by_side(
        &self,
        playbook: &str,
        sides: [(&[(&str, OsString)], &str); 2],
    ) -> Result<[Cost; 2]> {
        let run = |(environment, processor): (&[(&str, OsString)], &str)| {
            self.measure(
                Command::new("taskset")
                    .args(["-c", processor])
                    .arg(self.bin.join("ansible-playbook"))
                    .arg(playbook),
                &format!("printed.{processor}.log"),
                environment,
            )
        };
        let [first, second] = sides;
        std::thread::scope(|scope| {
            let other = scope.spawn(|| run(second));
            let first = run(first)?;
            let second = other
                .join()
                .map_err(|_| anyhow!("a run's thread panicked"))?;
            Ok([first, second?])
        })
    }

    fn measure(
        &self,
        command: &mut Command,
        log: &str,
        environment: &[(&str, OsString)],
    ) -> Result<Cost> {
        let log = self.folder.join(log);
        let printed = std::fs::File::create(&log)?;
        let watch = Stopwatch::start();
        let mut child = command
            .current_dir(&self.folder)
            // Nothing of the user's own settings may have a say.
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", &self.folder)
            // A job is written below HOME, and looked for in the account's own home.
            .env("ANSIBLE_ASYNC_DIR", self.folder.join("async"))
            .env("LC_ALL", "C.UTF-8")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(printed.try_clone()?)
            .stderr(printed)
            .spawn()?;
        let pid = Pid::from_raw(i32::try_from(child.id())?).context("a process has a number")?;
        // The kernel keeps its CPU time until it is reaped.
        waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        )?;
        let wall_s = watch.elapsed().as_secs_f64();
        let cpu_s = cpu::of_ended(child.id())?;
        let status = child.wait()?;
        ensure!(
            status.success(),
            "{status}: {}",
            std::fs::read_to_string(&log)?
        );
        Ok(Cost { cpu_s, wall_s })
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
