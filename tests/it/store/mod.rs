//! The store's contract: every method has the same result on every database.

mod compare;
mod contract;
mod copying;
mod export;
mod failures;
mod filters;
mod hosts;
mod matching;
mod notifications;
mod opening;
mod plans;
mod queries;
mod reading;
mod reports;
mod retention;
pub(crate) mod rows;
mod schedules;
mod search;
mod series;
mod statistics;
mod texts;
mod work;

use playback::store::Store;
use playback::store::dialect::Engine;
use tempfile::TempDir;

use crate::servers;

/// Every database that there is.
const ENGINES: [Engine; 3] = [Engine::Sqlite, Engine::Postgres, Engine::MySql];

/// An empty database, and the folder that it may lie in.
fn empty(engine: Engine) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let address = servers::database(engine, folder.path());
    (folder, address)
}

/// A store on an empty database of its own.
async fn open(engine: Engine) -> (TempDir, Store) {
    let (folder, address) = empty(engine);
    let store = Store::open(&address).await.unwrap();
    assert_eq!(store.engine(), engine);
    (folder, store)
}

/// One test for each database.
macro_rules! on_every_store {
    ($($(#[$meta:meta])* async fn $name:ident($store:ident: Store) $body:block)*) => {
        $(
            mod $name {
                #[allow(unused_imports, reason = "a body may need nothing")]
                use super::*;

                async fn on(engine: playback::store::dialect::Engine) {
                    let (_folder, $store) = crate::store::open(engine).await;
                    $body
                    $store.close().await;
                }

                $(#[$meta])*
                #[tokio::test(flavor = "multi_thread")]
                async fn sqlite() {
                    on(playback::store::dialect::Engine::Sqlite).await;
                }

                $(#[$meta])*
                #[tokio::test(flavor = "multi_thread")]
                async fn postgres() {
                    on(playback::store::dialect::Engine::Postgres).await;
                }

                $(#[$meta])*
                #[tokio::test(flavor = "multi_thread")]
                async fn mysql() {
                    on(playback::store::dialect::Engine::MySql).await;
                }
            }
        )*
    };
}
use on_every_store;
