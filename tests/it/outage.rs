//! A database server dies, stops, or loses its connections while events arrive: nothing that was acknowledged is lost
//! or duplicated, and the collector reports its state.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use playback::store::dialect::Engine;
use serde_json::json;

use crate::builders::{Run, good_run};
use crate::crash::under_load;
use crate::harness::{Collector, Setup, eventually, zstd};
use crate::servers::Server;

/// A collector on a server of its own, soon tired of waiting for it.
fn collector(database: String) -> Collector {
    Setup::default()
        .database(database)
        .config("database_wait_seconds = 1\n")
        .start()
}

fn a_server_that_dies_under_load_loses_nothing(engine: Engine) {
    let mut server = Server::start(engine);
    let mut collector = collector(server.database());
    under_load(&mut collector, |_| {
        server.kill();
        server.run();
    });
}

#[test]
fn a_postgres_that_dies_under_load_loses_nothing() {
    a_server_that_dies_under_load_loses_nothing(Engine::Postgres);
}

#[test]
fn a_mariadb_that_dies_under_load_loses_nothing() {
    a_server_that_dies_under_load_loses_nothing(Engine::MySql);
}

fn readiness_tells_the_truth(engine: Engine) {
    let mut server = Server::start(engine);
    let collector = collector(server.database());
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    assert_eq!(client.get("/readyz").status, 200);
    server.kill();
    client.get("/readyz").error(503, "busy");
    client.api("/executions").error(503, "busy");
    client.execution(run.id, "/output").error(503, "busy");
    let late = good_run();
    let answer = late.send(&client);
    answer.error(503, "busy");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(client.get("/healthz").status, 200);
    server.run();
    eventually("the collector to be ready again", || {
        (client.get("/readyz").status == 200).then_some(())
    });
    eventually("the batch to be taken", || {
        (late.send(&client).status == 200).then_some(())
    });
    assert_eq!(client.finished(run.id)["events"]["complete"], true);
    assert_eq!(client.finished(late.id)["events"]["complete"], true);
}

#[test]
fn readiness_tells_the_truth_of_postgres() {
    readiness_tells_the_truth(Engine::Postgres);
}

#[test]
fn readiness_tells_the_truth_of_mariadb() {
    readiness_tells_the_truth(Engine::MySql);
}

/// A way to a server that can be cut: at once, or when so many more bytes went to the server.
struct Way {
    address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
    left: Arc<AtomicU64>,
    cuts: Arc<AtomicU64>,
}

const UNCUT: u64 = u64::MAX / 2;

impl Way {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Self {
            address: listener.local_addr().unwrap(),
            open: Arc::default(),
            left: Arc::new(AtomicU64::new(UNCUT)),
            cuts: Arc::default(),
        };
        let (open, left, cuts) = (way.open.clone(), way.left.clone(), way.cuts.clone());
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                let pair = [client.try_clone().unwrap(), server.try_clone().unwrap()];
                open.lock().unwrap().extend(pair);
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (open, left, cuts) = (open.clone(), left.clone(), cuts.clone());
                std::thread::spawn(move || {
                    let all = || {
                        for stream in open.lock().unwrap().drain(..) {
                            let _ = stream.shutdown(Shutdown::Both);
                        }
                    };
                    pump(client, server, |bytes| {
                        let before = left.load(Ordering::SeqCst);
                        let after = before.saturating_sub(bytes);
                        if after == 0 {
                            left.store(UNCUT, Ordering::SeqCst);
                            cuts.fetch_add(1, Ordering::SeqCst);
                            all();
                            return false;
                        }
                        left.store(after, Ordering::SeqCst);
                        true
                    });
                });
                std::thread::spawn(move || pump(back.0, back.1, |_| true));
            }
        });
        way
    }

    /// Cuts all connections when so many more bytes went to the server.
    fn cut_after(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

/// Hands bytes on until there are no more, or `goes_on` says so.
fn pump(mut from: TcpStream, mut to: TcpStream, goes_on: impl Fn(u64) -> bool) {
    let mut buffer = [0; 4096];
    while let Ok(size @ 1..) = from.read(&mut buffer) {
        if !goes_on(size as u64) || to.write_all(&buffer[..size]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn connections_that_are_cut_lose_nothing(engine: Engine) {
    let server = Server::start(engine);
    let way = Way::to(server.port());
    let direct = format!("127.0.0.1:{}", server.port());
    let database = server.database();
    let cut = database.replace(&direct, &way.address.to_string());
    assert_ne!(cut, database);
    let mut collector = collector(cut);
    let mut round = 0;
    under_load(&mut collector, |_| {
        // Somewhere within a transaction; where, the load decides.
        round += 1;
        way.cut_after(1000 * round);
    });
    assert!(way.cuts.load(Ordering::SeqCst) > 2, "connections were cut");
}

#[test]
fn connections_to_postgres_that_are_cut_lose_nothing() {
    connections_that_are_cut_lose_nothing(Engine::Postgres);
}

#[test]
fn connections_to_mariadb_that_are_cut_lose_nothing() {
    connections_that_are_cut_lose_nothing(Engine::MySql);
}

/// What a server would not take in a row, because it is too large, is cut there, and holds nobody else up.
#[test]
fn what_is_too_large_for_a_row_is_cut() {
    let server = Server::start(Engine::MySql);
    let collector = collector(server.database());
    let client = collector.client();
    let large = Run::of(json!({ "note": "x".repeat(20 << 20) }));
    let body = zstd(&large.ndjson());
    std::thread::scope(|scope| {
        scope.spawn(|| client.ingest(large.id, "recorder", &body).acked());
        for _ in 0..40 {
            good_run().deliver(&client);
        }
    });
    let record = client.execution(large.id, "").ok();
    assert_eq!(record["left_out"], json!(["description"]));
}
