//! Database servers for tests: the first test that needs a server starts it, on a free port, in a folder that is
//! deleted with it. Each test gets a separate database. If a server's programs are missing, the test fails: `make test`
//! installs them.

use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use playback::store::dialect::Engine;
use sqlx::{Connection as _, Executor as _};
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;

/// The account that every server of ours has.
pub const USER: &str = "playback";
/// Its password.
pub const PASSWORD: &str = "p:ss@word";

/// The address of servers that only this process needs to reach.
const LOOPBACK: &str = "127.0.0.1";

/// How long a server may take to answer.
const DEADLINE: Duration = Duration::from_secs(60);

/// The password as it is written in an address.
const ENCODED: &str = "p%3Ass%40word";

thread_local! {
    /// On which database a test's collectors are.
    static ENGINE: Cell<Engine> = const { Cell::new(Engine::Sqlite) };
}

/// Runs a test whose collectors are on this database.
pub fn on(engine: Engine, test: fn()) {
    ENGINE.set(engine);
    test();
}

/// The database of this test's collectors.
pub fn engine() -> Engine {
    ENGINE.get()
}

/// The address of a new, empty database. One of a file lies in `folder`.
pub fn database(engine: Engine, folder: &Path) -> String {
    if engine == Engine::Sqlite {
        return format!("sqlite://{}", folder.join("playback.db").display());
    }
    shared(engine).database()
}

/// The server that all tests of this process share: its first user starts it, and it ends with the process.
fn shared(engine: Engine) -> &'static Server {
    static POSTGRES: Mutex<Option<&'static Server>> = Mutex::new(None);
    static MYSQL: Mutex<Option<&'static Server>> = Mutex::new(None);
    let place = match engine {
        Engine::Postgres => &POSTGRES,
        Engine::MySql => &MYSQL,
        Engine::Sqlite => panic!("SQLite has no server"),
    };
    // Where another test could not start it, this one says so too.
    let mut server = place
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    server.get_or_insert_with(|| Box::leak(Box::new(Server::start(engine))))
}

/// A server; it ends when it is dropped, and with this process however that ends.
pub struct Server {
    engine: Engine,
    port: u16,
    folder: TempDir,
    process: Option<Child>,
    tls: bool,
    durable: bool,
    /// Where it listens.
    host: &'static str,
}

impl Server {
    /// Makes one, and starts it.
    pub fn start(engine: Engine) -> Self {
        Self::start_with(engine, false, false, LOOPBACK)
    }

    /// Makes one that other networks of this machine reach.
    pub fn start_reachable(engine: Engine) -> Self {
        Self::start_with(engine, false, false, "0.0.0.0")
    }

    /// Makes one on a disk that keeps what it promised through a power cut.
    pub fn start_durable(engine: Engine) -> Self {
        Self::start_with(engine, false, true, LOOPBACK)
    }

    /// Makes one that speaks TLS too, with a certificate for 127.0.0.1 from an authority of its own.
    pub fn start_with_tls(engine: Engine) -> Self {
        Self::start_with(engine, true, false, LOOPBACK)
    }

    /// Makes one whose files lie in a folder of this one.
    pub fn start_in(engine: Engine, place: &Path) -> Self {
        Self::start_at(engine, false, false, LOOPBACK, place)
    }

    fn start_with(engine: Engine, tls: bool, durable: bool, host: &'static str) -> Self {
        // A temporary folder may lie in memory, where a sync costs nothing.
        let disk = PathBuf::from("/var/tmp");
        let place = if durable { disk } else { std::env::temp_dir() };
        Self::start_at(engine, tls, durable, host, &place)
    }

    fn start_at(
        engine: Engine,
        tls: bool,
        durable: bool,
        host: &'static str,
        place: &Path,
    ) -> Self {
        let mut server = Self {
            engine,
            port: free_port(),
            folder: tempfile::Builder::new()
                .prefix("playback-server-")
                .tempdir_in(place)
                .unwrap(),
            durable,
            process: None,
            tls,
            host,
        };
        let folder = server.folder.path().display();
        let make = match engine {
            Engine::Postgres => format!(
                "printf %s '{PASSWORD}' > '{folder}/password'
                 initdb -D '{folder}/data' -U {USER} -A scram-sha-256 --pwfile='{folder}/password' \
                    -E UTF8 --locale=C.UTF-8 --no-sync >'{folder}/log' 2>&1
                 echo 'host all all 0.0.0.0/0 scram-sha-256' >> '{folder}/data/pg_hba.conf'"
            ),
            Engine::MySql => format!(
                "mariadb-install-db --no-defaults --datadir='{folder}/data' --skip-test-db \
                    --auth-root-authentication-method=normal >'{folder}/log' 2>&1
                 cat >'{folder}/init.sql' <<'SQL'
CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;
SQL"
            ),
            Engine::Sqlite => panic!("SQLite has no server"),
        };
        // A server refuses to run as root.
        let run = |script: &str| {
            let done = as_somebody(server.folder.path(), script).status().unwrap();
            assert!(done.success(), "{}", server.log());
        };
        run(&make);
        if tls {
            run(CERTIFICATES);
        }
        server.run();
        server
    }

    /// Starts it, again where it was stopped, and waits until it answers.
    pub fn run(&mut self) {
        assert!(self.process.is_none(), "it runs");
        let folder = self.folder.path().display();
        let (host, port) = (self.host, self.port);
        let tls = match (self.tls, self.engine) {
            (false, _) => String::new(),
            (true, Engine::Postgres) => format!(
                "-c ssl=on -c ssl_cert_file='{folder}/server.pem' -c ssl_key_file='{folder}/server.key'"
            ),
            (true, _) => {
                format!("--ssl-cert='{folder}/server.pem' --ssl-key='{folder}/server.key'")
            }
        };
        // What a test stores has to survive a killed server, but no power cut.
        let (sync, memory) = match (self.engine, self.durable) {
            (Engine::Postgres, true) => ("on", "128MB"),
            (Engine::Postgres, false) => ("off", "32MB"),
            (_, true) => ("1", "256M"),
            (_, false) => ("2", "64M"),
        };
        let command = match self.engine {
            Engine::Postgres => format!(
                "postgres -D '{folder}/data' -h {host} -p {port} -k '{folder}' -c fsync={sync} \
                    -c max_connections=400 -c shared_buffers={memory} {tls}"
            ),
            _ => format!(
                "mariadbd --no-defaults --datadir='{folder}/data' --bind-address={host} \
                    --port={port} --socket='{folder}/socket' --pid-file='{folder}/pid' \
                    --init-file='{folder}/init.sql' --skip-name-resolve --max-connections=400 \
                    --innodb-flush-log-at-trx-commit={sync} \
                    --innodb-buffer-pool-size={memory} {tls}"
            ),
        };
        // The shell waits for the end of its input: when this process goes, in whatever way, so does
        // the server.
        let watched = format!(
            "{command} >>'{folder}/log' 2>&1 </dev/null & server=$!
             echo $server
             read -r word || word=gone
             exec 2>/dev/null
             kill -KILL $server || true
             wait $server || true
             [ \"$word\" != gone ] || rm -rf '{folder}'"
        );
        let deadline = Instant::now() + DEADLINE;
        loop {
            let pid = self.spawn(&watched);
            // It refuses to start while what its predecessor left behind is still ending.
            while !has_ended(&pid) {
                if self.sql("SELECT 1") {
                    return;
                }
                // Limits the rate of polling; the loop ends with the answer.
                std::thread::sleep(Duration::from_millis(20));
                assert!(
                    Instant::now() < deadline,
                    "it does not answer: {}",
                    self.log()
                );
            }
            assert!(
                Instant::now() < deadline,
                "it does not start: {}",
                self.log()
            );
            self.kill();
        }
    }

    /// Starts the shell that starts the server; the server's number.
    fn spawn(&mut self, watched: &str) -> String {
        let mut process = as_somebody(self.folder.path(), watched)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut pid).unwrap();
        self.process = Some(process);
        pid.trim().to_owned()
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // A shell that is gone has killed it already.
            let _ = process.stdin.take().unwrap().write_all(b"kill\n");
            let _ = process.wait();
        }
    }

    /// The address of a new, empty database on it.
    pub fn database(&self) -> String {
        let name = format!("t{}", Uuid::now_v7().simple());
        assert!(
            self.sql(&format!("CREATE DATABASE {name}")),
            "{}",
            self.log()
        );
        self.address(&name)
    }

    /// The address of a database on it.
    pub fn address(&self, name: &str) -> String {
        let scheme = match self.engine {
            Engine::Postgres => "postgres",
            _ => "mariadb",
        };
        let port = self.port;
        format!("{scheme}://{USER}:{ENCODED}@127.0.0.1:{port}/{name}")
    }

    /// The certificate of its authority.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a statement; returns whether it succeeded.
    pub fn sql(&self, sql: &str) -> bool {
        let database = match self.engine {
            Engine::Postgres => "postgres",
            _ => "information_schema",
        };
        self.sql_in(database, sql)
    }

    /// The same in this database.
    pub fn sql_in(&self, database: &str, sql: &str) -> bool {
        let mut command = self.client(database, sql);
        let done = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        done.expect("the server's client: make test installs it")
            .success()
    }

    /// The value that a statement selects in this database.
    pub fn value(&self, database: &str, sql: &str) -> String {
        let done = self.client(database, sql).output();
        let done = done.expect("the server's client: make test installs it");
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// The server's own client; it prints values alone.
    fn client(&self, database: &str, sql: &str) -> Command {
        let port = self.port.to_string();
        match self.engine {
            Engine::Postgres => {
                let mut command = Command::new("psql");
                command
                    .args(["-h", "127.0.0.1", "-p", &port, "-U", USER, "-d", database])
                    .args(["-q", "-X", "-A", "-t", "-c", sql])
                    .env("PGPASSWORD", PASSWORD);
                command
            }
            _ => {
                let mut command = Command::new("mariadb");
                command
                    .args(["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", USER])
                    .args(["-N", "-B", "-D", database, "-e", sql])
                    .env("MYSQL_PWD", PASSWORD);
                command
            }
        }
    }

    /// What it complained of.
    fn log(&self) -> String {
        let log: PathBuf = self.folder.path().join("log");
        std::fs::read_to_string(log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An authority, and a certificate of it for 127.0.0.1.
const CERTIFICATES: &str = r#"
umask 077
exec 2>>log
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=authority $$" \
    -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server \
    -keyout server.key -out server.csr
printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' > extensions
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.pem
chmod 644 ca.pem; chmod 755 .
"#;

/// Whether a process has ended, though its status may not have been read yet.
fn has_ended(pid: &str) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.contains(") Z "),
        Err(_) => true,
    }
}

/// A port on which nothing listens, and which is not given to a request for any port: a server that is killed finds it
/// free when it is started again.
pub fn free_port() -> u16 {
    static TURN: AtomicU32 = AtomicU32::new(0);
    // Below those that Linux hands out. Another process begins elsewhere.
    let (first, many) = (10_000, 22_000);
    let start = std::process::id().wrapping_mul(331);
    loop {
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let port = first + start.wrapping_add(turn) % many;
        let port = u16::try_from(port).expect("below 32,000");
        if TcpListener::bind((LOOPBACK, port)).is_ok() {
            return port;
        }
    }
}

/// A shell of a user who is not root, who may write to the folder.
fn as_somebody(folder: &Path, script: &str) -> Command {
    // Debian keeps PostgreSQL's programs out of the search path, one folder a version. A MariaDB that starts removes
    // temporary tables that others left, and other running servers' too where the folder is not its own.
    let script = format!(
        "set -e
         mkdir -p '{0}/tmp'
         export TMPDIR='{0}/tmp'
         PATH=$PATH:/usr/sbin:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
         cd '{0}'
         {script}",
        folder.display()
    );
    let root = rustix::process::geteuid().is_root();
    let mut command = if root {
        let nobody = "65534";
        let done = Command::new("chown").arg(nobody).arg(folder).status();
        assert!(done.unwrap().success());
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid",
            nobody,
            "--regid",
            nobody,
            "--clear-groups",
            "bash",
        ]);
        command
    } else {
        Command::new("bash")
    };
    command.args(["-c", &script]).stderr(Stdio::inherit());
    command
}

/// Runs a statement in a collector's database.
pub async fn sql(address: &str, statement: &str) {
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    if address.starts_with("sqlite") {
        let mut to = sqlx::SqliteConnection::connect(address).await.unwrap();
        to.execute(statement).await.unwrap();
    } else if address.starts_with("postgres") {
        let mut to = sqlx::PgConnection::connect(address).await.unwrap();
        to.execute(statement).await.unwrap();
    } else {
        let address = address.replacen("mariadb", "mysql", 1);
        let mut to = sqlx::MySqlConnection::connect(&address).await.unwrap();
        to.execute(statement).await.unwrap();
    }
}
