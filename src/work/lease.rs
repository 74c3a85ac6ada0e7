//! Keeps a lease for as long as its job runs.

use std::convert::Infallible;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::store::{Store, WorkLease};

/// How long a lease lasts, and so how long the work of a dead collector waits.
pub(super) const LEASE: Duration = Duration::from_secs(20);

/// How often it is renewed: several times before it expires.
const RENEW: Duration = Duration::from_secs(5);

/// Renews a lease that was claimed at a (monotonic) time, until dropped. If that fails until the lease is about to
/// expire, or another collector has taken the work over, it tells the work to stop.
pub(super) async fn keep(
    store: &Store,
    clock: &Clock,
    lease: &WorkLease,
    claimed_us: i64,
    stop: &CancellationToken,
) -> Infallible {
    let after = |us: i64, time: Duration| {
        us.saturating_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
    };
    let job = lease.name();
    let mut until_us = after(claimed_us, LEASE);
    // Without other collectors, a lease needs no renewal.
    while store.is_shared() && !stop.is_cancelled() {
        tokio::time::sleep(RENEW).await;
        let asked_us = clock.monotonic_us();
        let renewing = tokio::time::timeout(RENEW, store.renew_work(lease, LEASE));
        let trouble = match renewing.await {
            Ok(Ok(true)) => {
                until_us = after(asked_us, LEASE);
                continue;
            }
            Ok(Ok(false)) => {
                tracing::warn!(
                    job,
                    "another collector has taken the work over: it stops here"
                );
                stop.cancel();
                continue;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database does not answer".to_owned(),
        };
        if after(clock.monotonic_us(), RENEW) >= until_us {
            tracing::warn!(job, error = %trouble, "the lease cannot be kept: the work stops here");
            stop.cancel();
        }
    }
    std::future::pending().await
}
