//! The route to the collector: its proxy, and the trusted certificates.
//!
//! Recorder, supervisor, `playback flush` and the command line use the same route, so it is implemented once. The HTTP
//! client library reads the proxy variables by rules of its own and does not trust a collector's self-signed
//! certificate, so its connections are made here.
//!
//! Layout:
//! - [`proxy`]: the variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, as curl and Python read them
//! - [`bypass`]: the entries of `no_proxy`
//! - [`tls`]: certificates, and explanations of their problems
//! - `connector`: connections for the HTTP client; `transport`: what goes over them
//! - [`dial`]: a connection for anything else, such as a WebSocket

pub mod bypass;
mod connector;
pub mod dial;
pub mod proxy;
pub mod tls;
mod transport;

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;

pub use proxy::{Proxies, Proxy};

use crate::config::ConfigError;
use crate::resolver::CachingResolver;

/// The route to one collector.
#[derive(Debug, Clone)]
pub struct Way {
    /// The proxy, if any.
    proxy: Option<Arc<Proxy>>,
    tls: Arc<ClientConfig>,
}

impl Way {
    /// The route to `url`, given the environment's proxies and the certificate authorities to trust instead of the
    /// system's.
    ///
    /// # Errors
    /// The proxy cannot be used, or the file of authorities cannot be read.
    pub fn to(url: &Uri, proxies: &Proxies, ca_file: Option<&Path>) -> Result<Self, ConfigError> {
        Ok(Self {
            proxy: proxies.way_to(url)?.map(Arc::new),
            tls: tls::config(ca_file)?,
        })
    }

    /// The proxy, if there is one.
    #[must_use]
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_deref()
    }

    /// How certificates are checked.
    #[must_use]
    pub fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// An HTTP client with this route, and the means to make it look up names again. Proxies and certificates in
    /// `config` are ignored.
    #[must_use]
    pub(crate) fn agent_and_resolver(&self, config: Config) -> (Agent, CachingResolver) {
        let resolver = CachingResolver::of(self.proxy.as_ref().map(|proxy| proxy.uri()));
        let connector = connector::Connect::new(self.clone());
        let agent = Agent::with_parts(config, connector, resolver.clone());
        (agent, resolver)
    }

    /// An HTTP client with this route.
    #[must_use]
    pub fn agent(&self, config: Config) -> Agent {
        self.agent_and_resolver(config).0
    }
}
