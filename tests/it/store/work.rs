//! Leases of background work: who holds one, for how long, and who is too late.

use std::time::Duration;

use playback::store::Store;
use playback::store::dialect::Engine;
use sqlx::{Connection as _, Executor as _};

use super::{empty, on_every_store};

const MINUTE: Duration = Duration::from_secs(60);

on_every_store! {
    async fn work_is_claimed_kept_and_given_back(store: Store) {
        let first = store.claim_work("dance", MINUTE).await.unwrap().unwrap();
        assert_eq!((first.name(), first.fence()), ("dance", 1));
        assert!(store.renew_work(&first, MINUTE).await.unwrap());
        assert!(store.holds_work(&first).await.unwrap());
        assert!(store.finish_work(&first, Some("it rained")).await.unwrap());
        // A lease that could not be given back is no hindrance to the collector that has it.
        for fence in [2, 3] {
            let again = store.claim_work("dance", MINUTE).await.unwrap().unwrap();
            assert_eq!(again.fence(), fence);
        }
        let other = store.claim_work("sing", MINUTE).await.unwrap().unwrap();
        assert_eq!(other.fence(), 1, "each work has its own");
        assert!(store.finish_work(&other, None).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_collectors_one_has_the_work_until_its_time_is_over() {
    let (_folder, address) = empty(Engine::Postgres);
    let one = Store::open(&address).await.unwrap();
    let other = Store::open(&address).await.unwrap();
    let (first, second) = tokio::join!(
        one.claim_work("dance", MINUTE),
        other.claim_work("dance", MINUTE)
    );
    let claimed = [first.unwrap(), second.unwrap()];
    assert_eq!(claimed.iter().flatten().count(), 1, "{claimed:?}");

    let lease = one.claim_work("sing", MINUTE).await.unwrap().unwrap();
    assert_eq!(other.claim_work("sing", MINUTE).await.unwrap(), None);
    assert!(one.renew_work(&lease, MINUTE).await.unwrap());
    assert_eq!(other.claim_work("sing", MINUTE).await.unwrap(), None);
    // Its time is over.
    assert!(one.renew_work(&lease, Duration::ZERO).await.unwrap());
    let taken = other.claim_work("sing", MINUTE).await.unwrap().unwrap();
    assert!(taken.fence() > lease.fence());
    // The first one comes too late, and changes nothing any more.
    assert!(!one.renew_work(&lease, MINUTE).await.unwrap());
    assert!(!one.holds_work(&lease).await.unwrap());
    assert!(!one.finish_work(&lease, None).await.unwrap());
    assert_eq!(one.claim_work("sing", MINUTE).await.unwrap(), None);
    assert!(other.holds_work(&taken).await.unwrap());
    assert!(other.finish_work(&taken, None).await.unwrap());
    assert!(one.claim_work("sing", MINUTE).await.unwrap().is_some());
    one.close().await;
    other.close().await;
}

/// What a collector takes the time to be does not matter; where the database's own clock is set back, work is not left
/// lying until it is again as late as it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_of_before_the_databases_clock_was_set_back_holds_nobody_up() {
    let (_folder, address) = empty(Engine::Postgres);
    let one = Store::open(&address).await.unwrap();
    let other = Store::open(&address).await.unwrap();
    one.claim_work("dance", MINUTE).await.unwrap().unwrap();
    assert_eq!(other.claim_work("dance", MINUTE).await.unwrap(), None);
    let mut raw = sqlx::PgConnection::connect(&address).await.unwrap();
    raw.execute("UPDATE work_leases SET until_us = until_us + 3600000000")
        .await
        .unwrap();
    assert!(other.claim_work("dance", MINUTE).await.unwrap().is_some());
    raw.close().await.unwrap();
    one.close().await;
    other.close().await;
}
