//! Mails: a mail server that takes them, or refuses some of the recipients.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::secure_mail::failed;
use super::{bad, collector, config, delivered, log, set};
use crate::harness::{API, Setup, eventually};

/// A mail that was taken: its recipients, and its text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    pub(crate) text: String,
}

/// How fast a mail server answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Pace {
    #[default]
    AtOnce,
    /// Each command some time later.
    Late,
    /// At once, with an answer that never ends.
    Endless,
    /// At once, but for the farewell, which it never answers.
    NoFarewell,
}

/// A mail server. Recipients, and the commands `AUTH`, `MAIL` and `DATA`, are refused while their answer stands in `refused`.
#[derive(Clone)]
pub(crate) struct MailServer {
    port: u16,
    taken: Arc<Mutex<Vec<Mail>>>,
    logins: Arc<Mutex<Vec<String>>>,
    refused: Arc<Mutex<Vec<(&'static str, &'static str)>>>,
    pace: Arc<Mutex<Pace>>,
}

impl MailServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            taken: Arc::default(),
            logins: Arc::default(),
            refused: Arc::default(),
            pace: Arc::default(),
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
            let refused = |line: &str| {
                let refused = self.refused.lock().unwrap();
                let found = refused.iter().find(|(name, _)| line.contains(name));
                found.map(|(_, answer)| (*answer).to_owned())
            };
            let answer = match line.get(..4).unwrap_or_default() {
                "EHLO" => "250-test\r\n250 AUTH PLAIN".to_owned(),
                "AUTH" => {
                    let answer = refused(&line).unwrap_or_else(|| "235 ok".to_owned());
                    self.logins.lock().unwrap().push(line);
                    answer
                }
                "MAIL" => refused(&line).unwrap_or_else(|| "250 ok".to_owned()),
                "RCPT" => match refused(&line) {
                    Some(answer) => answer,
                    None => {
                        let name = line.split(['<', '>']).nth(1)?;
                        mail.to.push(name.to_owned());
                        "250 ok".to_owned()
                    }
                },
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
                    let mail = std::mem::take(&mut mail);
                    refused("DATA").unwrap_or_else(|| {
                        self.taken.lock().unwrap().push(mail);
                        "250 queued as 42".to_owned()
                    })
                }
                "QUIT" if self.pace() == Pace::NoFarewell => continue,
                "QUIT" => "221 bye".to_owned(),
                _ => "250 ok".to_owned(),
            };
            match self.pace() {
                Pace::AtOnce | Pace::NoFarewell => {}
                Pace::Late => std::thread::sleep(Duration::from_millis(300)),
                // Until the client is gone.
                Pace::Endless => loop {
                    stream.write_all(b"250-and more\r\n").ok()?;
                    std::thread::sleep(Duration::from_millis(100));
                },
            }
            stream.write_all(format!("{answer}\r\n").as_bytes()).ok()?;
        }
        Some(())
    }

    fn pace(&self) -> Pace {
        *self.pace.lock().unwrap()
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

#[test]
fn a_mail_that_is_refused_for_good_is_given_up_and_a_login_is_tried_again() {
    let collector = collector("");
    let client = collector.client();
    let server = MailServer::start();
    let mut settings = server.settings();
    settings["username"] = "ann".into();
    settings["password"] = "pa55word".into();
    assert_eq!(set(&client, "ops", &settings).status, 201);
    for (command, answer, status) in [
        ("MAIL", "550 not from you", 550),
        ("DATA", "554 it is spam", 554),
    ] {
        *server.refused.lock().unwrap() = vec![(command, answer)];
        let run = bad("site.yml");
        run.deliver(&client);
        let failed = eventually("the mail to be given up", || {
            let all = log(&client, &format!("execution={}&state=failed", run.id));
            all.first().cloned()
        });
        assert_eq!(failed["attempts"], 1, "{failed}");
        assert!(
            failed["error"].as_str().unwrap().contains(&answer[4..]),
            "{failed}"
        );
        let id = failed["id"].as_str().unwrap();
        let detail = client.api(&format!("/notifications/deliveries/{id}")).ok();
        assert_eq!(detail["log"][0]["status"], status);
        // It is the mail that is at fault, and not the server.
        assert_eq!(client.api("/notifications/targets/ops").ok()["state"], "on");
    }
    // A server may say what it was sent, which has the password.
    let login = "535 wrong: AGFubgBwYTU1d29yZA== pa55word";
    *server.refused.lock().unwrap() = vec![("AUTH", login)];
    let run = bad("site.yml");
    run.deliver(&client);
    let tried = eventually("two attempts", || {
        let all = log(&client, &format!("execution={}", run.id));
        all.first()
            .filter(|one| one["attempts"].as_u64() > Some(1))
            .cloned()
    });
    assert_eq!(tried["state"], "pending");
    let error = tried["error"].as_str().unwrap();
    assert!(error.contains("wrong: ***== ***"), "{error}");
    server.refused.lock().unwrap().clear();
    eventually("the mail to arrive", || {
        (!server.taken().is_empty()).then_some(())
    });
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn a_mail_server_that_says_nothing_does_not_hold_up_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Longer than a test may take.
    let config = config("").replace("timeout_seconds = 30", "timeout_seconds = 600");
    let mut collector = Setup::default().config(&config).start();
    let client = collector.client();
    let settings = json!({
        "kind": "mail", "server": "127.0.0.1", "port": port, "security": "none",
        "from": "playback@example.org", "to": ["ann@example.org"], "rules": [{ "on": ["failed"] }],
    });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    bad("site.yml").deliver(&client);
    let _silent = listener.accept().unwrap();
    let (status, _) = collector.stop();
    assert!(status.success(), "{status}");
}

#[test]
fn an_attempt_to_send_a_mail_ends_in_time_whatever_the_server_says_meanwhile() {
    let config = config("").replace("timeout_seconds = 30", "timeout_seconds = 1");
    let collector = Setup::default().config(&config).start();
    let client = collector.client();
    let server = MailServer::start();
    assert_eq!(set(&client, "ops", &server.settings()).status, 201);
    // Each answer, or each part of one, comes long before the time is over.
    for pace in [Pace::Late, Pace::Endless] {
        *server.pace.lock().unwrap() = pace;
        let error = failed(&client);
        assert!(error.contains("within 1 s"), "{pace:?}: {error}");
        assert!(server.taken().is_empty(), "{pace:?}");
    }
    // A mail that was taken has arrived, whatever follows.
    *server.pace.lock().unwrap() = Pace::NoFarewell;
    let path = format!("{API}/notifications/targets/ops/test");
    let tested = client.send("POST", &path, &[], b"").ok();
    assert_eq!(tested["delivery"]["state"], "delivered", "{tested}");
    assert_eq!(server.taken().len(), 1);
}
