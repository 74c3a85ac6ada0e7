//! Runs that the collector launches: real playbooks, requested through the API.

mod audited;
mod crash;
mod documented;
mod ends;
mod inputs;
mod literal;
mod queue;
mod redact;
mod refused;
mod replay;
mod run_as;
mod runs;
mod secrets;

pub(crate) use queue::{
    runs_wait_for_their_turn_also_through_a_restart,
    ten_runs_at_once_are_complete_though_the_collector_is_killed_twice,
};

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::ansible::newest;
use crate::harness::{API, Answer, Client, Collector, Setup, eventually, program};

/// Folders as an operator sets them up, and a collector that launches what is in them.
pub(crate) struct Site {
    dir: TempDir,
    settings: String,
    environment: Vec<(String, String)>,
}

impl Site {
    /// With the newest Ansible, and the recorder that is installed beside it.
    pub(crate) fn new() -> Self {
        Self::with_ansible(&newest())
    }

    /// With this Ansible.
    pub(crate) fn with_ansible(bin: &Path) -> Self {
        let dir = TempDir::new().unwrap();
        for folder in ["playbooks", "inventories", "keys", "home", "marks"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let site = Self {
            settings: format!("ansible = {bin:?}\n"),
            environment: Vec::new(),
            dir,
        };
        let home = site.dir.path().join("home").display().to_string();
        let marks = site.dir.path().join("marks").display().to_string();
        let site = site
            .environment("PATH", "/usr/local/bin:/usr/bin:/bin")
            .environment("HOME", &home)
            .environment("LANG", "C.UTF-8")
            .environment("MARKS", &marks);
        // Looking for an interpreter would be one more module on each host.
        let host =
            "ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'";
        site.inventory("prod", &format!("web-01 {host}\nweb-02 {host}\n"));
        site
    }

    /// With a program in the place of Ansible: for tests of when runs start and end, not of what they do. Ansible would
    /// take seconds of the processor for each.
    pub(crate) fn with_a_stand_in() -> Self {
        let mut site = Self::with_ansible(Path::new(""));
        let bin = site.path("bin");
        std::fs::create_dir(&bin).unwrap();
        program(&bin.join("ansible-playbook"), STAND_IN);
        site.settings = format!("ansible = {bin:?}\nrecorder = false\n");
        site
    }

    /// A line more in the section `[launcher]`.
    pub(crate) fn setting(mut self, line: &str) -> Self {
        self.settings.push_str(line);
        self.settings.push('\n');
        self
    }

    /// A variable more for the runs.
    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a playbook.
    pub(crate) fn playbook(&self, name: &str, text: &str) -> PathBuf {
        self.write("playbooks", name, text)
    }

    /// Writes an inventory.
    pub(crate) fn inventory(&self, name: &str, text: &str) -> PathBuf {
        self.write("inventories", name, text)
    }

    pub(crate) fn write(&self, folder: &str, name: &str, text: &str) -> PathBuf {
        let path = self.path(folder).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        path
    }

    /// One of the site's folders.
    pub(crate) fn path(&self, folder: &str) -> PathBuf {
        self.dir.path().join(folder)
    }

    /// Waits until a run has made this mark: a file in the folder that it knows as `$MARKS`.
    pub(crate) fn reached(&self, mark: &str) {
        let path = self.path("marks").join(mark);
        eventually(&format!("the run to make the mark {mark}"), || {
            path.exists().then_some(())
        });
    }

    /// Makes a mark that a run waits for.
    pub(crate) fn make(&self, mark: &str) {
        std::fs::write(self.path("marks").join(mark), "").unwrap();
    }

    /// The configuration file.
    fn config(&self) -> String {
        let folder = |name: &str| format!("{:?}", self.path(name));
        let environment: String = self
            .environment
            .iter()
            .map(|(name, value)| format!("{name} = {value:?}\n"))
            .collect();
        format!(
            "silence_seconds = 15\n[launcher]\nplaybooks = [{}]\ninventories = [{}]\nprivate_keys = [{}]\nfolder = {}\n{}\
             [launcher.environment]\n{environment}",
            folder("playbooks"),
            folder("inventories"),
            folder("keys"),
            folder("runs"),
            self.settings,
        )
    }

    /// A collector that launches.
    pub(crate) fn start(&self) -> Collector {
        self.start_with(&[])
    }

    /// The same, with these variables in the collector's own environment.
    pub(crate) fn start_with(&self, environment: &[(&str, &str)]) -> Collector {
        environment
            .iter()
            .fold(Setup::default(), |setup, (name, value)| {
                setup.environment(name, value)
            })
            .config(&self.config())
            .start()
    }

    /// A collector that serves without tokens.
    pub(crate) fn start_without_auth(&self) -> Collector {
        let config = format!("no_auth = true\n{}", self.config());
        Setup::default().config(&config).start_without_token()
    }

    /// Collectors on one database, each with a folder of runs of its own.
    pub(crate) fn start_on<const N: usize>(&self, database: &str) -> [Collector; N] {
        std::array::from_fn(|number| {
            let own = format!("runs-{number}");
            let config = self.config().replace("/runs\"", &format!("/{own}\""));
            Setup::default()
                .database(database.to_owned())
                .config(&config)
                .start()
        })
    }

    /// Everything in the folder of a run, at any depth; nothing when it is gone.
    pub(crate) fn files_of(&self, id: Uuid) -> Vec<PathBuf> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                found.push(entry.path());
                walk(&entry.path(), found);
            }
        }
        let mut found = Vec::new();
        walk(&self.path("runs").join(id.to_string()), &mut found);
        found
    }

    /// Number of the process that supervises a run.
    pub(crate) fn supervisor(&self, id: Uuid) -> i32 {
        let path = self.path("runs").join(id.to_string()).join("supervisor");
        eventually("a supervisor to begin", || {
            std::fs::read_to_string(&path).ok()?.trim().parse().ok()
        })
    }

    /// Waits until nothing is left of a run but its record.
    pub(crate) fn cleared(&self, id: Uuid) {
        let folder = self.path("runs").join(id.to_string());
        eventually("the run's folder to be removed", || {
            (!folder.exists()).then_some(())
        });
    }
}

/// Does what [`GATED`] does where it is given that playbook, and nothing for a moment where it is given another.
const STAND_IN: &str = r#"#!/bin/sh
for playbook; do :; done
printf '\nPLAY [Stand-in] ***\n'
if grep -q Gated "$playbook"; then
    touch "$MARKS/began-run"
    while [ ! -e "$MARKS/go" ]; do
        [ -d "$MARKS" ] || exit 1
        sleep 0.05
    done
    echo 'went on'
else
    sleep 0.3
fi
printf '\nPLAY RECAP ***\nweb-01 : ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n'
"#;

/// A playbook that makes the mark `began`, waits for the mark `go`, and says so.
pub(crate) const GATED: &str = "\
- name: Gated
  hosts: all
  gather_facts: false
  tasks:
    - name: Begin
      raw: touch {{ lookup('env', 'MARKS') }}/began-{{ gate | default('run') }}
      run_once: true
    - name: Wait
      raw: for try in $(seq 2400); do test -e {{ lookup('env', 'MARKS') }}/go && exit 0; sleep 0.05; done; exit 1
      run_once: true
    - name: Go on
      debug:
        msg: went on
";

/// Posts a request.
#[track_caller]
pub(crate) fn post(client: &Client, path: &str, body: &Value) -> Answer {
    client.send(
        "POST",
        &format!("{API}{path}"),
        &[],
        body.to_string().as_bytes(),
    )
}

/// Asks for the end of a run.
#[track_caller]
pub(crate) fn cancel(client: &Client, id: Uuid) -> Answer {
    post(
        client,
        &format!("/executions/{id}/cancel"),
        &json!({ "note": "enough" }),
    )
}

/// What a record says was printed.
pub(crate) fn printed(record: &Value) -> String {
    let lines = record["output"].as_array().unwrap();
    lines
        .iter()
        .map(|line| format!("{}\n", line.as_str().unwrap()))
        .collect()
}

/// Asks for a run, which must be accepted.
#[track_caller]
pub(crate) fn launch(client: &Client, path: &str, body: &Value) -> Uuid {
    let answer = post(client, path, body);
    assert_eq!(answer.status, 202, "{answer:?}");
    let record = answer.json();
    assert_eq!(record["status"], "running");
    record["id"].as_str().unwrap().parse().unwrap()
}

/// Asks for a run of a playbook on `prod`.
#[track_caller]
pub(crate) fn launch_playbook(client: &Client, playbook: &str) -> Uuid {
    launch(
        client,
        "/playbooks/run",
        &json!({ "playbook": playbook, "inventory": "prod" }),
    )
}

/// Runs a playbook to its end.
#[track_caller]
pub(crate) fn run(client: &Client, playbook: &str) -> Value {
    client.finished(launch_playbook(client, playbook))
}
