//! The rows of a playbook in ARA, as far as an import needs them. Times are microseconds since the Unix epoch.

use playback_wire::ResultStatus;

/// How a playbook stands, according to ARA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AraStatus {
    /// It has not ended.
    Running,
    /// It ended well.
    Completed,
    /// It failed.
    Failed,
    /// It never ended, and was declared expired.
    Expired,
    /// Something else.
    Other(String),
}

/// A playbook: what ARA calls a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AraPlaybook {
    /// Its number in the database.
    pub id: i64,
    /// How it stands.
    pub status: AraStatus,
    /// When it started.
    pub started_us: i64,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// When its row was changed last, as the database writes it.
    pub updated: String,
    /// The name that its user gave it.
    pub name: Option<String>,
    /// Its file.
    pub path: String,
    /// Version of ansible-core.
    pub ansible_version: String,
    /// Ansible's options: compressed JSON.
    pub arguments: Vec<u8>,
    /// The machine that ran it.
    pub controller: Option<String>,
    /// Who ran it.
    pub user: Option<String>,
    /// Version of Python.
    pub python_version: Option<String>,
    /// Version of ARA's callback.
    pub client_version: Option<String>,
    /// Version of ARA's server.
    pub server_version: Option<String>,
}

/// Everything that belongs to a playbook except what its results contain, as of one moment.
#[derive(Debug)]
pub struct AraRun {
    /// The playbook.
    pub playbook: AraPlaybook,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its plays.
    pub plays: Vec<AraPlay>,
    /// Its tasks.
    pub tasks: Vec<AraTask>,
    /// Its hosts, and those that its results name.
    pub hosts: Vec<AraHost>,
    /// Its results.
    pub results: Vec<AraResult>,
    /// Results, by their numbers, and the hosts that ran them.
    pub delegates: Vec<(i64, String)>,
}

/// A play.
#[derive(Debug)]
pub struct AraPlay {
    /// Its number in the database.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// When it started.
    pub started_us: i64,
}

/// A task.
#[derive(Debug)]
pub struct AraTask {
    /// Its number in the database.
    pub id: i64,
    /// Number of its play.
    pub play: i64,
    /// Its name, after that of its role.
    pub name: String,
    /// Its module or action.
    pub action: String,
    /// File that holds it.
    pub path: String,
    /// Line in that file.
    pub line: i64,
    /// Its tags: compressed JSON.
    pub tags: Vec<u8>,
    /// Whether it is a handler.
    pub handler: bool,
    /// When it started.
    pub started_us: i64,
}

/// A host, with the recap's counts.
#[derive(Debug)]
pub struct AraHost {
    /// Its number in the database.
    pub id: i64,
    /// Number of the playbook that it belongs to: under several playbooks in one command, that of the first.
    pub playbook: i64,
    /// Its name.
    pub name: String,
    /// The recap's counts.
    pub ok: u64,
    /// Tasks that changed something.
    pub changed: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Tasks that were skipped.
    pub skipped: u64,
    /// Tasks that could not reach it.
    pub unreachable: u64,
}

/// A result, without what it contains.
#[derive(Debug, Clone, Copy)]
pub struct AraResult {
    /// Its number in the database.
    pub id: i64,
    /// Number of its host.
    pub host: i64,
    /// Number of its task.
    pub task: i64,
    /// How it ended; none if ARA never learned it.
    pub status: Option<ResultStatus>,
    /// When it started.
    pub started_us: i64,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// Whether it changed something.
    pub changed: bool,
    /// Whether its failure was ignored.
    pub ignored: bool,
}
