//! Connections to a collector with https and through proxies work the same for every command, and for the stream of
//! `follow`.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{Ran, command};
use crate::builders::good_run;
use crate::harness::{Collector, eventually};
use crate::launch::{GATED, Site};
use crate::servers::free_port;

/// An https server before a collector, as an operator sets up nginx, whose certificate signs itself and says of itself that
/// it is an authority (CA:TRUE), as `openssl req -x509` makes it.
struct Https {
    folder: TempDir,
    address: SocketAddr,
    process: Child,
}

impl Https {
    fn before(collector: &Collector) -> Self {
        let folder = TempDir::new().unwrap();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=collector", "-addext"])
            .args(["subjectAltName=IP:127.0.0.1,DNS:localhost", "-addext"])
            .args(["basicConstraints=critical,CA:TRUE", "-keyout", "key.pem"])
            .args(["-out", "certificate.pem"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let config = format!(
            "events {{}}\nhttp {{\n access_log off;\n server {{\n listen {address} ssl;\n \
             ssl_certificate certificate.pem;\n ssl_certificate_key key.pem;\n location / {{\n \
             proxy_pass http://{};\n proxy_http_version 1.1;\n proxy_set_header Host $http_host;\n \
             proxy_set_header Upgrade $http_upgrade;\n proxy_set_header Connection $http_connection;\n \
             }}\n }}\n}}\n",
            collector.address()
        );
        std::fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let process = Command::new("nginx")
            .args(["-g", "daemon off; pid nginx.pid; error_log error.log;"])
            .args(["-c", "nginx.conf", "-p"])
            .arg(folder.path())
            .env("PATH", "/usr/sbin:/usr/bin:/bin")
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx is installed");
        let https = Self {
            folder,
            address,
            process,
        };
        eventually("nginx to listen", || TcpStream::connect(address).ok());
        https
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// A command that asks the collector this way.
    fn command(&self, collector: &Collector, arguments: &[&str]) -> Command {
        let mut command = command(collector, arguments);
        command
            .env("PLAYBACK_URL", format!("https://{}", self.address))
            .env("PLAYBACK_CA_FILE", self.certificate());
        command
    }

    fn run(&self, collector: &Collector, arguments: &[&str]) -> Ran {
        self.command(collector, arguments).output().unwrap().into()
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("error.log"));
            eprintln!("nginx: {}", log.unwrap_or_default());
        }
    }
}

#[test]
fn every_command_trusts_the_ca_file_and_nothing_else() {
    let site = Site::with_a_stand_in();
    site.playbook("gated.yml", GATED);
    let collector = site.start();
    let https = Https::before(&collector);
    let done = good_run();
    done.deliver(&collector.client());
    assert!(https.run(&collector, &["list"]).ok().contains("site.yml"));
    let shown = https.run(&collector, &["show", "latest", "--json"]).json();
    assert_eq!(shown["id"], done.id.to_string());
    // The stream, of a run that is over and of one that goes on (wss).
    let followed = https.run(&collector, &["follow", &done.id.to_string()]);
    assert!(
        followed.stdout.contains("changed: [web-01]"),
        "{followed:?}"
    );
    assert_eq!(followed.code, 0, "{followed:?}");
    let running = https
        .command(&collector, &["run", "gated.yml", "-i", "prod"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    site.reached("began-run");
    site.make("go");
    let ran = Ran::from(running.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("PLAY RECAP"), "{ran:?}");

    // Without the file, and with that of another authority, each says what is wrong and names the variable.
    let other = Https::before(&collector);
    for authorities in [None, Some(other.certificate())] {
        for arguments in [
            &["list"][..],
            &["show", "latest"],
            &["follow", "latest"],
            &["run", "gated.yml", "-i", "prod"],
            &["flush"],
        ] {
            refuses(&collector, &https, arguments, authorities.as_deref());
        }
    }
}

fn refuses(collector: &Collector, https: &Https, arguments: &[&str], authorities: Option<&Path>) {
    let mut command = https.command(collector, arguments);
    match authorities {
        Some(file) => command.env("PLAYBACK_CA_FILE", file),
        None => command.env_remove("PLAYBACK_CA_FILE"),
    };
    if arguments == ["flush"] {
        let spools = collector.folder().join("spools");
        leave_behind(collector, &spools);
        command.env("PLAYBACK_SPOOL_DIR", &spools);
        command.args(["--patience", "0"]);
    }
    let ran = Ran::from(command.output().unwrap());
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert_ne!(ran.code, 0, "{arguments:?}: {told}");
    assert!(told.contains("certificate"), "{arguments:?}: {told}");
    assert!(told.contains("PLAYBACK_CA_FILE"), "{arguments:?}: {told}");
}

/// A run that was recorded while no collector was there.
fn leave_behind(collector: &Collector, spools: &Path) {
    let mut exec = command(collector, &["exec", "--flush-seconds", "0", "--", "true"]);
    exec.env("PLAYBACK_URL", "http://127.0.0.1:9")
        .env("PLAYBACK_SPOOL_DIR", spools);
    assert!(exec.output().unwrap().status.success());
}

#[test]
fn a_socks_proxy_is_told_with_its_variable_and_what_to_do() {
    let collector = Collector::start();
    good_run().deliver(&collector.client());
    let spools = collector.folder().join("spools");
    for variable in ["all_proxy", "ALL_PROXY", "http_proxy"] {
        for arguments in [
            &["list"][..],
            &["show", "latest"],
            &["follow", "latest"],
            &["flush"],
            &["exec", "--", "true"],
        ] {
            let ask = |more: &[(&str, &str)]| {
                let mut command = command(&collector, arguments);
                command
                    .env(variable, "socks5://user:secret@127.0.0.1:1080")
                    .env("PLAYBACK_SPOOL_DIR", &spools)
                    .envs(more.iter().copied());
                Ran::from(command.output().unwrap())
            };
            if arguments == ["flush"] {
                leave_behind(&collector, &spools);
            }
            let ran = ask(&[]);
            let told = format!("{}{}", ran.stdout, ran.stderr);
            let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(told.contains(variable), "{arguments:?}: {told}");
            assert!(told.contains("SOCKS"), "{arguments:?}: {told}");
            assert!(told.contains("no_proxy"), "{arguments:?}: {told}");
            assert!(!told.contains("secret"), "{arguments:?}: {told}");
            // What it says helps.
            let ran = ask(&[("no_proxy", "127.0.0.1")]);
            assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        }
    }
}
