//! Mails: a mail server that takes them, or refuses some of the recipients.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::{bad, collector, delivered, set};
use crate::harness::eventually;

/// A mail that was taken: its recipients, and its text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    pub(crate) text: String,
}

/// A mail server. Recipients are refused while their answer stands in `refused`.
#[derive(Clone)]
pub(crate) struct MailServer {
    port: u16,
    taken: Arc<Mutex<Vec<Mail>>>,
    logins: Arc<Mutex<Vec<String>>>,
    refused: Arc<Mutex<Vec<(&'static str, &'static str)>>>,
}

impl MailServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            taken: Arc::default(),
            logins: Arc::default(),
            refused: Arc::default(),
        };
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (serving, stream) = (serving.clone(), stream.unwrap());
                // A client that breaks off is no fault of the server.
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        server
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
        let mut mail = Mail::default();
        stream.write_all(b"220 test\r\n").ok()?;
        while let Some(Ok(line)) = lines.next() {
            let answer = match line.get(..4).unwrap_or_default() {
                "EHLO" => "250-test\r\n250 AUTH PLAIN".to_owned(),
                "AUTH" => {
                    self.logins.lock().unwrap().push(line);
                    "235 ok".to_owned()
                }
                "RCPT" => {
                    let refused = self.refused.lock().unwrap();
                    let found = refused.iter().find(|(name, _)| line.contains(name));
                    match found {
                        Some((_, answer)) => (*answer).to_owned(),
                        None => {
                            let name = line.split(['<', '>']).nth(1)?;
                            mail.to.push(name.to_owned());
                            "250 ok".to_owned()
                        }
                    }
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").ok()?;
                    for line in lines.by_ref() {
                        let line = line.ok()?;
                        if line == "." {
                            break;
                        }
                        mail.text.push_str(&line);
                        mail.text.push('\n');
                    }
                    self.taken.lock().unwrap().push(std::mem::take(&mut mail));
                    "250 queued as 42".to_owned()
                }
                "QUIT" => "221 bye".to_owned(),
                _ => "250 ok".to_owned(),
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).ok()?;
        }
        Some(())
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The mails that were taken.
    pub(crate) fn taken(&self) -> Vec<Mail> {
        self.taken.lock().unwrap().clone()
    }

    /// The lines with which clients logged in.
    pub(crate) fn logins(&self) -> Vec<String> {
        self.logins.lock().unwrap().clone()
    }

    /// The settings of a target that sends to it what failed.
    pub(crate) fn settings(&self) -> serde_json::Value {
        json!({
            "kind": "mail", "server": "127.0.0.1", "port": self.port, "security": "none",
            "from": "Playback <playback@example.org>",
            "to": ["ann@example.org", "bob@example.org", "Cid <cid@example.org>"],
            "rules": [{ "on": ["failed"] }],
        })
    }
}

#[test]
fn a_recipient_who_is_refused_keeps_the_mail_from_nobody_else() {
    let collector = collector("");
    let client = collector.client();
    let server = MailServer::start();
    server
        .refused
        .lock()
        .unwrap()
        .push(("bob@", "550 no such user"));
    assert_eq!(set(&client, "ops", &server.settings()).status, 201);
    let run = bad("naïve site.yml");
    run.deliver(&client);
    let all = delivered(&client, 1);
    assert_eq!(all[0]["state"], "delivered", "{all:?}");
    let error = all[0]["error"].as_str().unwrap();
    assert!(
        error.contains("bob@example.org") && error.contains("no such user"),
        "{error}"
    );
    let taken = server.taken();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(taken[0].to, ["ann@example.org", "cid@example.org"]);
    let text = &taken[0].text;
    for part in [
        "From: Playback <playback@example.org>",
        "multipart/alternative",
        "text/html",
        "no space",
        "Message-ID: <",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let id = all[0]["id"].as_str().unwrap();
    let detail = client.api(&format!("/notifications/deliveries/{id}")).ok();
    let recipients = json!(["Cid <cid@example.org>", "ann@example.org"]);
    assert_eq!(detail["recipients"], recipients);
    assert_eq!(detail["log"][0]["status"], 250);
}

#[test]
fn who_is_refused_for_a_while_gets_the_mail_later_and_nobody_twice() {
    let collector = collector("");
    let client = collector.client();
    let server = MailServer::start();
    server
        .refused
        .lock()
        .unwrap()
        .push(("bob@", "451 greylisted"));
    assert_eq!(set(&client, "ops", &server.settings()).status, 201);
    bad("site.yml").deliver(&client);
    let attempts = || super::log(&client, "")[0]["attempts"].as_u64().unwrap();
    eventually("a delivery", || {
        (!super::log(&client, "").is_empty()).then_some(())
    });
    eventually("a second attempt", || (attempts() > 1).then_some(()));
    server.refused.lock().unwrap().clear();
    assert_eq!(delivered(&client, 1)[0]["state"], "delivered");
    let taken = server.taken();
    let all: Vec<&String> = taken.iter().flat_map(|mail| &mail.to).collect();
    assert_eq!(
        all,
        ["ann@example.org", "cid@example.org", "bob@example.org"]
    );
}
