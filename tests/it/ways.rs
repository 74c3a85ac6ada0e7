//! The command line connects to a collector through a proxy; only the proxy can resolve the collector's name.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use crate::builders::good_run;
use crate::harness::{Collector, PLAYBACK};

/// A proxy that takes every host for this machine, and notes the first line of each connection.
struct Proxy {
    address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            lines: Arc::default(),
        };
        let lines = Arc::clone(&proxy.lines);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let lines = Arc::clone(&lines);
                std::thread::spawn(move || serve(client.unwrap(), &lines));
            }
        });
        proxy
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

fn serve(mut client: TcpStream, lines: &Mutex<Vec<String>>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    lines.lock().unwrap().push(head.lines().next()?.to_owned());
    let target = head.split(' ').nth(1)?;
    let authority = target
        .strip_prefix("http://")
        .unwrap_or(target)
        .split('/')
        .next()?;
    let port: u16 = authority.rsplit_once(':')?.1.parse().ok()?;
    let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    if head.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    } else {
        server.write_all(head.as_bytes()).ok()?;
    }
    let (mut to, mut from) = (server.try_clone().ok()?, client.try_clone().ok()?);
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    let _ = up.join();
    Some(())
}

fn run(collector: &Collector, variables: &[(&str, String)], arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(PLAYBACK)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env(
            "PLAYBACK_URL",
            format!("http://collector.invalid:{}", collector.address().port()),
        )
        .env("PLAYBACK_TOKEN", &collector.token)
        .envs(variables.iter().map(|(name, text)| (*name, text.as_str())))
        .output()
        .unwrap()
}

#[test]
fn every_command_goes_through_the_proxy_and_the_stream_through_a_tunnel() {
    let collector = Collector::start();
    let proxy = Proxy::start();
    let through = [("http_proxy", format!("http://{}", proxy.address))];
    let good = good_run();
    good.deliver(&collector.client());
    let spool = tempfile::tempdir().unwrap();
    let left = good_run();
    std::fs::write(
        spool.path().join(format!("{}.recorder.ndjson", left.id)),
        left.ndjson(),
    )
    .unwrap();
    let id = good.id.to_string();
    let dir = spool.path().to_str().unwrap();
    for (arguments, tunnels) in [
        (vec!["list"], 0),
        (vec!["flush", "--spool-dir", dir], 0),
        (vec!["exec", "--spool-dir", dir, "--", "true"], 0),
        (vec!["follow", &id], 1),
    ] {
        let done = run(&collector, &through, &arguments);
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        assert!(done.stderr.is_empty(), "{arguments:?}: {done:?}");
        let lines = proxy.take();
        let connects = lines
            .iter()
            .filter(|line| line.starts_with("CONNECT "))
            .count();
        assert_eq!(connects, tunnels, "{arguments:?}: {lines:?}");
        assert!(
            lines.len() > connects || tunnels > 0,
            "{arguments:?}: {lines:?}"
        );
    }
    assert_eq!(
        collector.client().finished(left.id)["events"]["complete"],
        true
    );

    // Only the variable for https: nobody knows that name.
    let wrong = [("https_proxy", format!("http://{}", proxy.address))];
    let done = run(&collector, &wrong, &["list"]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(proxy.take().is_empty());
}
