//! HTTPS with custom certificate authorities.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use playback_spool::{FinishLimits, Sender, SenderConfig};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::collector::{Collector, Link};
use crate::support::{DEADLINE, MS, config, files, name, print_many, spool, until};

/// A collector for `localhost` behind TLS, and the PEM file of the authority that vouches for it.
fn start(dir: &std::path::Path) -> (Collector, PathBuf) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let ca_file = dir.join("ca.pem");
    std::fs::write(&ca_file, pem).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".into()])
        .unwrap()
        .signed_by(&key, &Issuer::from_params(&authority, &authority_key))
        .unwrap();
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
    let collector = Collector::start_wrapped("127.0.0.1:0".parse().unwrap(), Arc::new(wrap));
    (collector, ca_file)
}

fn tls_config(collector: &Collector, ca_file: Option<PathBuf>) -> SenderConfig {
    SenderConfig {
        ca_file,
        ..config(&format!("https://localhost:{}", collector.address.port()))
    }
}

#[test]
fn a_collector_of_a_known_authority_is_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let (collector, ca_file) = start(dir.path());
    let spool = spool(&dir.path().join("spool"));
    let config = tls_config(&collector, Some(ca_file));
    let sender = Sender::start(Arc::clone(&spool), &config).unwrap();
    print_many(&spool, 100, 1_000);
    let outcome = sender.finish(FinishLimits {
        reachable: DEADLINE,
        unreachable: DEADLINE,
    });
    assert!(outcome.delivered, "{outcome:?}");
    assert_eq!(collector.lines(&name(&spool)).len(), 100);
}

#[test]
fn a_collector_of_an_unknown_authority_gets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (collector, _) = start(dir.path());
    let spool = spool(&dir.path().join("spool"));
    let sender = Sender::start(Arc::clone(&spool), &tls_config(&collector, None)).unwrap();
    print_many(&spool, 10, 100);
    until("it is refused", || sender.status().last_error.is_some());
    let outcome = sender.finish(FinishLimits {
        reachable: 100 * MS,
        unreachable: 100 * MS,
    });
    assert_eq!(outcome.pending_events, 10);
    let error = outcome.last_error.expect("why");
    assert!(error.contains("certificate"), "{error}");
    assert!(collector.requests().is_empty());
    assert_eq!(files(&dir.path().join("spool")).len(), 1);
}
