//! Opening a database: errors say what is wrong and what to do, and never show a password.

use std::process::Command;

use playback::store::dialect::Engine;
use playback::store::{Options, Store, StoreError};
use sqlx::{Connection as _, Executor as _};

use super::{ENGINES, empty};
use crate::harness::PLAYBACK;
use crate::servers::{PASSWORD, Server};

/// Why a database cannot be opened.
async fn complaint(address: &str) -> String {
    let mut options = Options::from(address);
    options.wait = std::time::Duration::from_secs(3);
    let error = Store::open(options).await.expect_err(address).to_string();
    assert!(
        !error.contains("s3cret") && !error.contains(PASSWORD),
        "{error}"
    );
    error
}

/// An address with something else in it.
fn but(address: &str, one: &str, other: &str) -> String {
    let changed = address.replace(one, other);
    assert_ne!(changed, address);
    changed
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_address_is_said() {
    for (address, said) in [
        ("oracle://u:s3cret@host/db", "use sqlite:///"),
        ("/var/lib/playback.db", "use sqlite:///"),
        ("sqlite::memory:", "name a file"),
        ("postgres://u:s3cret@host/db?ssl-mode=require", "sslmode"),
        ("mysql://u:s3cret@host/db?sslmode=VERIFY_CA", "ssl-mode"),
        ("postgres://u:s3cret@host:port/db", "port"),
        ("postgres://u:s3cret@127.0.0.1:1/db", "refused"),
        ("mariadb://u:s3cret@127.0.0.1:1/db", "refused"),
        (
            "postgres://u:s3cret@no-such-host.invalid/db",
            "cannot be opened",
        ),
    ] {
        let error = complaint(address).await;
        assert!(error.contains(said), "{address}: {error}");
    }
    for engine in [Engine::Postgres, Engine::MySql] {
        let (_folder, address) = empty(engine);
        let wrong = but(&address, "p%3Ass%40word", "s3cret");
        let error = complaint(&wrong).await;
        assert!(error.contains("playback:…@127.0.0.1"), "{error}");
        assert!(
            error.contains("password authentication failed") || error.contains("Access denied"),
            "{error}"
        );
        let (server, _) = address.rsplit_once('/').unwrap();
        let error = complaint(&format!("{server}/nowhere")).await;
        assert!(error.contains("nowhere"), "{error}");
    }
}

/// A person sees the same, and nothing of it in what others see of the process or its log.
#[test]
fn a_command_says_why_and_keeps_the_password() {
    let address = "postgres://u:s3cret@127.0.0.1:1/db";
    for command in [
        ["serve", "--listen=127.0.0.1:0"].as_slice(),
        &["token", "list"],
        &["migrate"],
        &["migrate", "--dry-run"],
        &["rebuild", "--all"],
    ] {
        let folder = tempfile::TempDir::new().unwrap();
        let config = folder.path().join("collector.toml");
        std::fs::write(&config, "database_wait_seconds = 1\n").unwrap();
        let done = Command::new(PLAYBACK)
            .args(command)
            .arg("--config")
            .arg(&config)
            .env_clear()
            .env("PLAYBACK_DATABASE", address)
            .env("PLAYBACK_LOG", "trace")
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        let said = format!("{done:?}");
        assert!(said.contains("postgres://u:…@127.0.0.1:1/db"), "{said}");
        assert!(
            said.contains("refused") && !said.contains("s3cret"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_newer_is_left_alone() {
    for engine in ENGINES {
        let (_folder, address) = empty(engine);
        let store = Store::open(&address).await.unwrap();
        let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                   VALUES (9999, 'from the future', TRUE, 'x', 0)";
        change(&address, sql).await;
        for answer in [
            store.migrate().await,
            store.migrations().await.map(|_| ()),
            Store::open(&address).await.map(|_| ()),
        ] {
            let error = answer.expect_err("it is newer");
            assert!(
                matches!(error, StoreError::Newer { database: 9999, .. }),
                "{error}"
            );
            let said = "(version 9999) is newer than this program";
            assert!(error.to_string().contains(said), "{error}");
        }
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_half_made_is_told() {
    let (_folder, address) = empty(Engine::MySql);
    Store::open(&address).await.unwrap().close().await;
    change(
        &address,
        "UPDATE _sqlx_migrations SET success = FALSE WHERE version = 2",
    )
    .await;
    let error = complaint(&address).await;
    assert!(
        error.contains("migration 2") && error.contains("interrupted"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_database_of_another_encoding_is_refused() {
    let server = Server::start(Engine::Postgres);
    let sql = "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0";
    assert!(server.sql(sql));
    let error = complaint(&server.address("latin")).await;
    assert!(
        error.contains("LATIN1") && error.contains("ENCODING 'UTF8'"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_known_by_its_certificate_where_that_is_asked_for() {
    for (engine, verify, authority, require) in [
        (
            Engine::Postgres,
            "sslmode=verify-full",
            "sslrootcert",
            "sslmode=require",
        ),
        (
            Engine::MySql,
            "ssl-mode=VERIFY_IDENTITY",
            "ssl-ca",
            "ssl-mode=REQUIRED",
        ),
    ] {
        let (server, another) = (
            Server::start_with_tls(engine),
            Server::start_with_tls(engine),
        );
        let database = server.database();
        let with = |server: &Server| {
            let file = server.authority();
            format!("{verify}&{authority}={}", file.display())
        };
        let store = Store::open(&format!("{database}?{}", with(&server))).await;
        store.unwrap().close().await;
        let store = Store::open(&format!("{database}?{require}")).await;
        store.unwrap().close().await;
        // Somebody else's authority; none that this machine knows; another name.
        for wrong in [
            format!("{database}?{}", with(&another)),
            format!("{database}?{verify}"),
            but(&database, "127.0.0.1", "localhost") + "?" + &with(&server),
        ] {
            let error = complaint(&wrong).await;
            assert!(error.contains("certificate"), "{engine:?}: {error}");
        }
        // Without TLS there is no such thing.
        let plain = Server::start(engine);
        let error = complaint(&format!("{}?{require}", plain.database())).await;
        assert!(error.to_lowercase().contains("tls"), "{error}");
    }
}

/// Changes a database as somebody else would.
async fn change(address: &str, sql: &'static str) {
    if address.starts_with("sqlite") {
        let mut connection = sqlx::SqliteConnection::connect(address).await.unwrap();
        connection.execute(sql).await.unwrap();
    } else if address.starts_with("postgres") {
        let mut connection = sqlx::PgConnection::connect(address).await.unwrap();
        connection.execute(sql).await.unwrap();
    } else {
        let mut connection = sqlx::MySqlConnection::connect(address).await.unwrap();
        connection.execute(sql).await.unwrap();
    }
}
