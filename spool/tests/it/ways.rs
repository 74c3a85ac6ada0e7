//! Connections to the collector through proxies, and with certificates of all kinds. The proxies are real ones.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use playback_spool::net::Proxies;
use playback_spool::{FinishLimits, Outcome, Sender, SenderConfig};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::collector::{Collector, Link, header};
use crate::support::{DEADLINE, MS, config, name, print_many, spool, until};

/// A proxy that knows every host name, as this machine, and notes the heads of requests.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// `password`: the header that it wants to see.
    fn start(password: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            heads: Arc::default(),
        };
        let heads = Arc::clone(&proxy.heads);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let heads = Arc::clone(&heads);
                std::thread::spawn(move || serve(client.unwrap(), &heads, password));
            }
        });
        proxy
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, heads: &Mutex<Vec<String>>, password: Option<&str>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    heads.lock().unwrap().push(head.clone());
    if password.is_some() && header(&head, "proxy-authorization").as_deref() != password {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        client.write_all(answer.as_bytes()).ok()?;
        return None;
    }
    let mut words = head.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let authority = match target.strip_prefix("http://") {
        Some(rest) => rest.split('/').next()?,
        None => target,
    };
    let port: u16 = authority.rsplit_once(':')?.1.parse().ok()?;
    let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    if method == "CONNECT" {
        client
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .ok()?;
    } else {
        // What comes after this on the same connection is handed on as it is: the collector here takes both forms.
        let origin = format!("http://{authority}");
        server
            .write_all(head.replacen(&origin, "", 1).as_bytes())
            .ok()?;
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

fn proxies(variables: &[(&str, String)]) -> Proxies {
    let variables: HashMap<&str, &String> =
        variables.iter().map(|(name, text)| (*name, text)).collect();
    Proxies::read(|name| variables.get(name).map(|text| (*text).into()))
}

/// Delivers ten events; returns the result, and the spool's name afterwards.
fn deliver(config: &SenderConfig) -> (Outcome, String) {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let sender = Sender::start(Arc::clone(&spool), config).unwrap();
    print_many(&spool, 10, 100);
    until("the first answer", || {
        let status = sender.status();
        status.pending_events == 0 || status.last_error.is_some() || status.delivered
    });
    let outcome = sender.finish(FinishLimits {
        reachable: DEADLINE,
        unreachable: 100 * MS,
    });
    (outcome, name(&spool))
}

#[test]
fn a_collector_with_http_is_asked_for_by_whole_url_and_without_a_tunnel() {
    let collector = Collector::start();
    let proxy = Proxy::start(None);
    // Only the proxy knows that name.
    let port = collector.address.port();
    let url = format!("http://collector.invalid:{port}");
    for text in [
        format!("http://{}", proxy.address),
        proxy.address.to_string(),
    ] {
        let config = SenderConfig {
            proxies: proxies(&[("http_proxy", text)]),
            ..config(&url)
        };
        let (outcome, of) = deliver(&config);
        assert!(outcome.delivered, "{outcome:?}");
        assert_eq!(collector.lines(&of).len(), 10);
    }
    let heads = proxy.heads();
    assert_eq!(heads.len(), 2, "one connection each: {heads:?}");
    for head in heads {
        let begin = format!("POST http://collector.invalid:{port}/api/v1/ansible/ingest/");
        assert!(head.starts_with(&begin), "{head}");
        let host = header(&head, "host");
        assert_eq!(
            host.as_deref(),
            Some(format!("collector.invalid:{port}").as_str())
        );
    }
}

#[test]
fn who_has_no_proxy_for_its_url_goes_straight() {
    let collector = Collector::start();
    let proxy = Proxy::start(None);
    let through = format!("http://{}", proxy.address);
    for variables in [
        vec![("https_proxy", through.clone())],
        vec![
            ("http_proxy", through.clone()),
            ("no_proxy", "corp, 127.0.0.0/8".to_owned()),
        ],
        vec![
            ("http_proxy", String::new()),
            ("HTTP_PROXY", through.clone()),
        ],
        vec![("all_proxy", through.clone()), ("NO_PROXY", "*".to_owned())],
    ] {
        let config = SenderConfig {
            proxies: proxies(&variables),
            ..config(&collector.url())
        };
        assert!(deliver(&config).0.delivered, "{variables:?}");
    }
    assert!(proxy.heads().is_empty());
}

#[test]
fn a_proxy_gets_user_and_password_and_says_when_they_are_wrong() {
    let collector = Collector::start();
    let proxy = Proxy::start(Some("Basic dXM6cEBzcw=="));
    for (user, well) in [
        ("us:p%40ss@", true),
        ("us:wrong-secret@", false),
        ("", false),
    ] {
        let text = format!("http://{user}{}", proxy.address);
        let config = SenderConfig {
            proxies: proxies(&[("http_proxy", text)]),
            ..config(&collector.url())
        };
        let (outcome, _) = deliver(&config);
        assert_eq!(outcome.delivered, well, "{user}: {outcome:?}");
        if !well {
            let error = outcome.last_error.unwrap();
            assert!(
                error.contains("proxy") && !error.contains("secret"),
                "{error}"
            );
            assert_eq!(outcome.set_aside, None);
        }
    }
}

#[test]
fn a_proxy_that_is_not_there_or_cannot_be_used_is_named() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let config = SenderConfig {
        proxies: proxies(&[("http_proxy", format!("http://{gone}"))]),
        ..config("http://127.0.0.1:9")
    };
    let error = deliver(&config).0.last_error.unwrap();
    assert!(
        error.contains("proxy") && error.contains(&gone.to_string()),
        "{error}"
    );
    let dir = tempfile::tempdir().unwrap();
    let config = SenderConfig {
        proxies: proxies(&[("ALL_PROXY", "socks5h://p:1080".to_owned())]),
        ..config
    };
    let error = Sender::start(spool(dir.path()), &config)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("ALL_PROXY") && error.contains("SOCKS"),
        "{error}"
    );
}

/// A certificate that signs itself, made as one command makes it, and a collector that shows it.
fn self_signed(dir: &Path, is_ca: bool, host: &str, expired: bool) -> (Collector, PathBuf) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    if expired {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    }
    let certificate = params.self_signed(&key).unwrap();
    let file = dir.join("own.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let wrap = move |stream: TcpStream| -> Box<dyn Link> {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        Box::new(StreamOwned::new(connection, stream))
    };
    let address = "127.0.0.1:0".parse().unwrap();
    (Collector::start_wrapped(address, Arc::new(wrap)), file)
}

fn https(collector: &Collector, ca_file: Option<PathBuf>) -> SenderConfig {
    SenderConfig {
        ca_file,
        ..config(&format!("https://localhost:{}", collector.address.port()))
    }
}

#[test]
fn a_certificate_that_signs_itself_is_believed_when_it_is_named() {
    for is_ca in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (collector, file) = self_signed(dir.path(), is_ca, "localhost", false);
        let (outcome, of) = deliver(&https(&collector, Some(file)));
        assert!(outcome.delivered, "CA:{is_ca} {outcome:?}");
        assert_eq!(collector.lines(&of).len(), 10);
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_in_words() {
    // Another one of the same kind, which is not the one that the collector shows.
    let other = tempfile::tempdir().unwrap();
    let (_elsewhere, stranger) = self_signed(other.path(), true, "localhost", false);
    for is_ca in [false, true] {
        for (host, expired, named, word) in [
            ("localhost", true, true, "expired"),
            ("elsewhere.example", false, true, "another host name"),
            ("localhost", false, false, "PLAYBACK_CA_FILE"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let (collector, file) = self_signed(dir.path(), is_ca, host, expired);
            let file = if named { file } else { stranger.clone() };
            let (outcome, _) = deliver(&https(&collector, Some(file)));
            let error = outcome.last_error.expect("why");
            assert!(error.contains(word), "CA:{is_ca} {host} {expired}: {error}");
            assert!(collector.requests().is_empty());
        }
    }
}

#[test]
fn https_and_http_that_are_mistaken_for_each_other_are_told() {
    let plain = Collector::start();
    let url = format!("https://localhost:{}", plain.address.port());
    let error = deliver(&config(&url)).0.last_error.unwrap();
    assert!(error.contains("http") && error.contains("https"), "{error}");

    let dir = tempfile::tempdir().unwrap();
    let (secret, _) = self_signed(dir.path(), false, "localhost", false);
    let error = deliver(&config(&secret.url())).0.last_error.unwrap();
    assert!(error.contains("https"), "{error}");
}

#[test]
fn a_collector_with_https_is_reached_through_a_tunnel() {
    let dir = tempfile::tempdir().unwrap();
    let (collector, file) = self_signed(dir.path(), true, "collector.invalid", false);
    let proxy = Proxy::start(Some("Basic dXM6cGFzcw=="));
    let port = collector.address.port();
    let config = SenderConfig {
        ca_file: Some(file),
        proxies: proxies(&[("https_proxy", format!("us:pass@{}", proxy.address))]),
        ..config(&format!("https://collector.invalid:{port}"))
    };
    let (outcome, _) = deliver(&config);
    assert!(outcome.delivered, "{outcome:?}");
    let begin = format!("CONNECT collector.invalid:{port} HTTP/1.1\r\n");
    assert!(proxy.heads()[0].starts_with(&begin), "{:?}", proxy.heads());
}
