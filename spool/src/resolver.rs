//! Host names, looked up once a minute instead of once a batch.
//!
//! The HTTP client calls its resolver before each request, even on a persistent connection, and its own resolver starts
//! a thread each time in order to limit the wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::clock;

/// How long an address is cached.
const KEEP: Duration = Duration::from_secs(60);

/// The addresses of the last host that was looked up. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct CachingResolver {
    known: Arc<Mutex<Option<CachedAddress>>>,
    /// The proxy, if there is one: perhaps only the proxy can look up the collector's name.
    proxy: Option<Uri>,
}

struct CachedAddress {
    /// Scheme, host and port.
    uri: Uri,
    since: Instant,
    addresses: ResolvedSocketAddrs,
}

impl CachedAddress {
    fn holds_for(&self, uri: &Uri) -> bool {
        self.since.elapsed() < KEEP
            && self.uri.authority() == uri.authority()
            && self.uri.scheme() == uri.scheme()
    }
}

impl CachingResolver {
    /// A resolver that looks up the proxy, if there is one, whatever host is requested.
    pub(crate) fn of(proxy: Option<&Uri>) -> Self {
        Self {
            proxy: proxy.cloned(),
            ..Self::default()
        }
    }

    /// Looks the name up again for the next request.
    pub(crate) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl std::fmt::Debug for CachingResolver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CachingResolver")
    }
}

impl Resolver for CachingResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let uri = self.proxy.as_ref().unwrap_or(uri);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref()
            && known.holds_for(uri)
        {
            return Ok(known.addresses.clone());
        }
        let addresses = DefaultResolver::default().resolve(uri, config, timeout)?;
        *known = Some(CachedAddress {
            uri: uri.clone(),
            since: clock::now(),
            addresses: addresses.clone(),
        });
        Ok(addresses)
    }
}
