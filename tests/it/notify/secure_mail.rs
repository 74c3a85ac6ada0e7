//! Mails over TLS: with the right certificate they arrive, and otherwise nothing is said to the server.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::mail::MailServer;
use super::{bad, collector, delivered, set};
use crate::ansible::newest;
use crate::harness::{API, Client};

/// Makes an authority, and its certificate for this machine.
const CERTIFICATES: &str = r#"set -e
new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $new -days 2 -subj /CN=authority -keyout ca.key -out ca.pem
openssl req $new -subj /CN=mail -keyout mail.key -out mail.csr
printf 'subjectAltName = IP:127.0.0.1\nbasicConstraints = CA:FALSE\n' > extensions
openssl x509 -req -in mail.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out mail.pem
"#;

/// Ends TLS, and passes everything on to the port that it is given; prints its own.
const TLS: &str = "\
import select, socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('mail.pem', 'mail.key')
server = socket.create_server(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)

def serve(client):
    try:
        secure = context.wrap_socket(client, server_side=True)
    except OSError:
        return
    with secure, socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as plain:
        while True:
            ready = [secure] if secure.pending() else select.select([secure, plain], [], [])[0]
            for one, other in ((secure, plain), (plain, secure)):
                if one in ready:
                    data = one.recv(65536)
                    if not data:
                        return
                    other.sendall(data)

while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
";

/// What ends TLS in front of a mail server; it ends with the test.
struct Tls {
    process: Child,
    port: u16,
}

impl Tls {
    fn before(server: &MailServer, folder: &Path) -> Self {
        let made = Command::new("sh")
            .args(["-c", CERTIFICATES])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let mut process = Command::new(newest().join("python"))
            .args(["-c", TLS, &server.port().to_string()])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut printed = BufReader::new(process.stdout.take().unwrap());
        printed.read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Self { process, port }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A target with a password, which must not be said to anybody who is not the mail server.
fn settings(server: &MailServer, port: u16, security: &str) -> Value {
    let mut settings = server.settings();
    settings["port"] = json!(port);
    settings["security"] = json!(security);
    settings["username"] = json!("playback");
    settings["password"] = json!("hunter2");
    settings
}

/// Sends an example; why that failed.
#[track_caller]
pub(super) fn failed(client: &Client) -> String {
    let path = format!("{API}/notifications/targets/ops/test");
    let tested = client.send("POST", &path, &[], b"").ok();
    let delivery = &tested["delivery"];
    assert_eq!(delivery["state"], "failed", "{tested}");
    let error = delivery["error"].as_str().unwrap().to_owned();
    assert!(!error.contains("hunter2"), "{error}");
    error
}

#[test]
fn over_tls_a_mail_arrives_with_the_password_that_the_server_wants() {
    let folder = TempDir::new().unwrap();
    let server = MailServer::start();
    let tls = Tls::before(&server, folder.path());
    let ca = folder.path().join("ca.pem");
    let collector = collector(&format!("ca_file = {ca:?}"));
    let client = collector.client();
    let answer = set(&client, "ops", &settings(&server, tls.port, "tls"));
    assert_eq!(answer.status, 201, "{answer:?}");
    bad("site.yml").deliver(&client);
    let all = delivered(&client, 1);
    assert_eq!(all[0]["state"], "delivered", "{all:?}");
    let login = base64::engine::general_purpose::STANDARD.encode("\0playback\0hunter2");
    assert_eq!(server.logins(), [format!("AUTH PLAIN {login}")]);
    assert_eq!(server.taken()[0].to.len(), 3);
}

#[test]
fn a_mail_server_that_cannot_prove_who_it_is_hears_neither_password_nor_mail() {
    let folder = TempDir::new().unwrap();
    let server = MailServer::start();
    let tls = Tls::before(&server, folder.path());
    // An authority that nobody knows here.
    let collector = collector("");
    let client = collector.client();
    let answer = set(&client, "ops", &settings(&server, tls.port, "tls"));
    assert_eq!(answer.status, 201, "{answer:?}");
    let error = failed(&client);
    assert!(error.contains("certificate"), "{error}");
    // A server that has no STARTTLS, or one that somebody in between took it from.
    set(
        &client,
        "ops",
        &settings(&server, server.port(), "starttls"),
    )
    .ok();
    let error = failed(&client);
    assert!(error.to_lowercase().contains("starttls"), "{error}");
    assert_eq!((server.logins().len(), server.taken().len()), (0, 0));
}
