//! Addresses of `serve`, and the format of its log.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::Ran;
use crate::harness::PLAYBACK;

/// Serves there; its log goes where a redirection would lead it.
struct Served {
    child: Child,
    /// Holds the database while it serves.
    _folder: tempfile::TempDir,
}

impl Served {
    fn at(listen: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = serve(listen, folder.path());
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        Self {
            child,
            _folder: folder,
        }
    }

    /// The line of the log that names the address.
    fn line(&mut self) -> String {
        let log = BufReader::new(self.child.stderr.take().unwrap());
        let mut lines = log.lines().map_while(Result::ok);
        lines
            .find(|line| line.contains("serving"))
            .expect("it serves")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(listen: &str, folder: &std::path::Path) -> Command {
    let mut command = Command::new(PLAYBACK);
    command
        .args(["serve", "--listen", listen])
        .env_clear()
        .env("TERM", "xterm-256color")
        .env(
            "PLAYBACK_DATABASE",
            format!("sqlite://{}/p.db", folder.display()),
        )
        .stdout(Stdio::null());
    command
}

#[test]
fn a_host_is_named_as_people_name_it_and_a_redirected_log_has_no_colours() {
    for (listen, address) in [
        ("localhost:0", "127.0.0.1:"),
        ("0", "127.0.0.1:"),
        (":0", "0.0.0.0:"),
        ("[::1]:0", "[::1]:"),
    ] {
        let line = Served::at(listen).line();
        assert!(
            line.contains(&format!("address={address}")),
            "{listen}: {line}"
        );
        assert!(!line.contains('\x1b'), "{line:?}");
    }
}

#[test]
fn a_port_that_is_none_is_refused_wherever_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Ran::from(serve("127.0.0.1:99999", folder.path()).output().unwrap());
    let told = ran.complaint(2);
    assert!(
        told.contains("--listen") && told.contains("99999"),
        "{told}"
    );
    assert!(told.contains("from 1 to 65535"), "{told}");
    let file = folder.path().join("collector.toml");
    std::fs::write(&file, "listen = \"localhost:99999\"\n").unwrap();
    let mut command = Command::new(PLAYBACK);
    let ran = command
        .args(["serve", "--config"])
        .arg(&file)
        .env_clear()
        .output()
        .unwrap();
    let ran = Ran::from(ran);
    let told = ran.complaint(1);
    assert!(told.contains("listen: the port \"99999\""), "{told}");
    for url in ["http://127.0.0.1:99999", "http://localhost:0"] {
        let mut list = Command::new(PLAYBACK);
        let ran = Ran::from(
            list.args(["list", "--url", url])
                .env_clear()
                .output()
                .unwrap(),
        );
        assert!(ran.complaint(1).contains("is no port"), "{ran:?}");
        let mut list = Command::new(PLAYBACK);
        list.arg("list").env_clear().env("PLAYBACK_URL", url);
        let ran = Ran::from(list.output().unwrap());
        assert!(ran.complaint(1).contains("is no port"), "{ran:?}");
    }
}
