//! Nothing is sent to addresses inside, to where a target redirects, or over a connection that anybody could have answered.

use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::receiver::{Receiver, Reply};
use super::{KEY, bad, collector, config, delivered, log, set, webhook};
use crate::harness::{Client, Setup, eventually};
use crate::servers::free_port;

/// The first delivery, when its first attempt failed.
#[track_caller]
fn failed(client: &Client) -> Value {
    eventually("a failed attempt", || {
        let all = log(client, "");
        all.first().filter(|one| one["error"].is_string()).cloned()
    })
}

#[test]
fn a_name_that_means_an_address_inside_is_refused_when_it_is_looked_up() {
    let collector = Setup::default()
        .config(&format!("[notifications]\nkey = \"{KEY}\"\n"))
        .start();
    let client = collector.client();
    let receiver = Receiver::start();
    // A name is not looked up when it is set: it may mean another address a moment later.
    let url = format!("http://localhost:{}/", receiver.address().port());
    let settings = json!({ "kind": "webhook", "url": url, "rules": [{ "on": ["failed"] }] });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    bad("site.yml").deliver(&client);
    let error = failed(&client)["error"].as_str().unwrap().to_owned();
    assert!(error.contains("allow_networks"), "{error}");
    let mail = json!({
        "kind": "mail", "server": "localhost", "port": receiver.address().port(), "security": "none",
        "from": "playback@example.org", "to": ["ann@example.org"], "rules": [],
    });
    assert_eq!(set(&client, "mail", &mail).status, 201);
    let path = format!("{}/notifications/targets/mail/test", crate::harness::API);
    let tested = client.send("POST", &path, &[], b"").ok();
    let error = tested["delivery"]["error"].as_str().unwrap();
    assert!(error.contains("allow_networks"), "{error}");
    assert_eq!(receiver.received().len(), 0);
}

/// Starts a program where another file stands in the place of /etc/hosts: `FILE PROGRAM…`.
const HOSTS: &str = "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"";

/// A name that means a harmless address when the target is set and at the first message, and one inside at the second:
/// "DNS rebinding". Needs root.
#[test]
fn a_name_that_means_an_address_inside_the_second_time_is_refused_then() {
    let folder = TempDir::new().unwrap();
    let hosts = folder.path().join("hosts");
    let means =
        |address: &str| std::fs::write(&hosts, format!("{address} hooks.example\n")).unwrap();
    let inside = Receiver::start();
    let port = inside.address().port();
    let harmless = Receiver::start_at(([127, 0, 0, 2], port).into());
    means("127.0.0.2");
    let file = hosts.display().to_string();
    let words = ["unshare", "--mount", "bash", "-c", HOSTS, "bash", &file];
    let config = config("").replace("127.0.0.1/32", "127.0.0.2/32");
    let collector = Setup::default()
        .within(&words, ([127, 0, 0, 1], 0).into())
        .config(&config)
        .start();
    let client = collector.client();
    let url = format!("http://hooks.example:{port}/hook");
    let settings = json!({ "kind": "webhook", "url": url, "rules": [{ "on": ["failed"] }] });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    bad("site.yml").deliver(&client);
    harmless.await_requests(1);
    delivered(&client, 1);
    means("127.0.0.1");
    bad("site.yml").deliver(&client);
    let error = eventually("a failed attempt", || {
        let all = log(&client, "state=pending");
        Some(all.first()?["error"].as_str()?.to_owned())
    });
    assert!(error.contains("allow_networks"), "{error}");
    means("127.0.0.2");
    harmless.await_requests(2);
    assert_eq!(delivered(&client, 2)[1]["state"], "delivered");
    assert_eq!(inside.received().len(), 0);
}

#[test]
fn a_redirect_is_not_followed() {
    let collector = collector("");
    let client = collector.client();
    let (receiver, elsewhere) = (Receiver::start(), Receiver::start());
    receiver.reply(Reply::Redirect(elsewhere.url()));
    webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    bad("site.yml").deliver(&client);
    let error = failed(&client)["error"].as_str().unwrap().to_owned();
    assert!(error.contains("redirects are not followed"), "{error}");
    receiver.await_requests(2);
    assert_eq!(elsewhere.received().len(), 0);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let folder = TempDir::new().unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args([
            "-subj",
            "/CN=receiver",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .args(["-addext", "subjectAltName=DNS:elsewhere.example"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut server = Command::new("openssl")
        .args(["s_server", "-quiet", "-accept", &address.to_string()])
        .args(["-cert", "cert.pem", "-key", "key.pem"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the server to listen", || TcpStream::connect(address).ok());
    let ca = folder.path().join("cert.pem");
    // Unknown; and known, but for another host.
    for more in [String::new(), format!("ca_file = \"{}\"", ca.display())] {
        let collector = collector(&more);
        let client = collector.client();
        let url = format!("https://{address}/hook?key=hunter2");
        let settings = json!({ "kind": "webhook", "url": url, "rules": [{ "on": ["failed"] }] });
        assert_eq!(set(&client, "ops", &settings).status, 201);
        bad("site.yml").deliver(&client);
        let error = failed(&client)["error"].as_str().unwrap().to_owned();
        assert!(error.contains("certificate"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    server.kill().unwrap();
    server.wait().unwrap();
}
