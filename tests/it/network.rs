//! The network between a collector and its database is cut: packets disappear without an error.
//!
//! The collector lives in a network namespace of its own, with one cable to us and one to the database.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use playback::store::dialect::Engine;

use crate::crash::under_load;
use crate::harness::{Collector, Setup, eventually};
use crate::servers::Server;

/// A network namespace and its two cables; they go with it.
struct Network {
    name: String,
    number: u8,
}

impl Network {
    fn new(number: u8) -> Self {
        let network = Self {
            name: format!("playback-{}-{number}", std::process::id()),
            number,
        };
        let name = &network.name;
        ip(&["netns", "add", name]);
        for cable in ["c", "d"] {
            let (here, there) = network.ends(cable);
            ip(&[
                "link", "add", &here, "type", "veth", "peer", "name", &there, "netns", name,
            ]);
            ip(&[
                "addr",
                "add",
                &format!("{}/30", network.address(cable, 1)),
                "dev",
                &here,
            ]);
            ip(&["link", "set", &here, "up"]);
            ip(&[
                "-n",
                name,
                "addr",
                "add",
                &format!("{}/30", network.address(cable, 2)),
                "dev",
                &there,
            ]);
            ip(&["-n", name, "link", "set", &there, "up"]);
        }
        network
    }

    /// The names of a cable's ends: they have 15 characters at most.
    fn ends(&self, cable: &str) -> (String, String) {
        let of = format!("{:x}{}", std::process::id(), self.number);
        (format!("p{cable}h{of}"), format!("p{cable}n{of}"))
    }

    /// `c` leads to the collector's clients, `d` to its database; 1 is our end, 2 the collector's.
    fn address(&self, cable: &str, end: u8) -> String {
        let net = if cable == "c" { 213 } else { 214 };
        let (high, low) = (
            (std::process::id() / 64 % 256) as u8,
            (std::process::id() % 64 * 4) as u8,
        );
        format!("10.{}.{high}.{}", net + 2 * self.number, low + end)
    }

    fn database_is(&self, state: &str) {
        ip(&["link", "set", &self.ends("d").0, state]);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = Command::new(program())
            .args(["netns", "del", &self.name])
            .status();
    }
}

fn program() -> &'static str {
    let places = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"];
    let found = places.into_iter().find(|place| Path::new(place).exists());
    found.expect("ip is installed: make test does that")
}

#[track_caller]
fn ip(arguments: &[&str]) {
    let done = Command::new(program()).args(arguments).output().unwrap();
    assert!(
        done.status.success(),
        "networks need root: ip {arguments:?}: {done:?}"
    );
}

fn a_network_that_is_cut_loses_nothing(engine: Engine, number: u8) {
    let network = Network::new(number);
    let server = Server::start_reachable(engine);
    let ours = network.address("d", 1);
    let database = server.database().replace("127.0.0.1", &ours);
    let address: SocketAddr = format!("{}:0", network.address("c", 2)).parse().unwrap();
    let mut collector: Collector = Setup::default()
        .database(database)
        .config("database_wait_seconds = 1\n")
        .within(&[program(), "netns", "exec", &network.name], address)
        .start();
    under_load(&mut collector, |collector| {
        let client = collector.client();
        network.database_is("down");
        eventually("the collector to see that it is cut off", || {
            (client.get("/readyz").status == 503).then_some(())
        });
        assert_eq!(client.get("/healthz").status, 200);
        network.database_is("up");
        eventually("the collector to be ready again", || {
            (client.get("/readyz").status == 200).then_some(())
        });
    });
}

#[test]
fn a_network_to_postgres_that_is_cut_loses_nothing() {
    a_network_that_is_cut_loses_nothing(Engine::Postgres, 1);
}

#[test]
fn a_network_to_mariadb_that_is_cut_loses_nothing() {
    a_network_that_is_cut_loses_nothing(Engine::MySql, 2);
}
