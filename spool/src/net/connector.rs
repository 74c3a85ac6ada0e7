//! Connections for the HTTP client: direct, through a tunnel, or to a proxy that is sent the whole URL.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use ureq::Error;
use ureq::http::Uri;
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, TcpConnector, Transport, TransportAdapter,
};

use super::Way;
use super::proxy::{NO_PORT, Proxy, bare_host, port_of};
use super::tls::explain;
use super::transport::{Forwarding, OverStream, Plain};

/// The longest head of a proxy's response, in bytes.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// Makes connections by one route.
pub(crate) struct Connect {
    way: Way,
    tcp: TcpConnector,
}

impl fmt::Debug for Connect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connect")
    }
}

impl Connect {
    pub(crate) fn new(way: Way) -> Self {
        Self {
            way,
            tcp: TcpConnector::default(),
        }
    }

    fn tls(
        &self,
        below: Box<dyn Transport>,
        host: &str,
        who: &str,
        details: &ConnectionDetails<'_>,
    ) -> Result<Box<dyn Transport>, Error> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            io::Error::other(format!(
                "{host} is no host name that a certificate can have"
            ))
        })?;
        let mut connection =
            ClientConnection::new(self.way.tls(), name).map_err(io::Error::other)?;
        let mut link = TransportAdapter::new(below, Arc::clone(&details.current_time));
        link.set_timeout(details.timeout);
        while connection.is_handshaking() {
            connection
                .complete_io(&mut link)
                .map_err(|error| match error.get_ref() {
                    Some(inner) if is_timeout(inner) => io::Error::other(format!(
                        "{who} did not agree on TLS in time: it may speak http there, not https"
                    )),
                    _ => explain(error, who),
                })?;
        }
        let stream = StreamOwned::new(connection, link);
        Ok(Box::new(OverStream::new(stream, true, details.config)))
    }

    /// Asks a proxy for a tunnel to the target.
    fn tunnel(
        &self,
        below: Box<dyn Transport>,
        proxy: &Proxy,
        details: &ConnectionDetails<'_>,
    ) -> Result<Box<dyn Transport>, Error> {
        let mut link = TransportAdapter::new(below, Arc::clone(&details.current_time));
        link.set_timeout(details.timeout);
        ask_for_tunnel(&mut link, proxy, details.uri)?;
        Ok(link.into_inner())
    }
}

fn is_timeout(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(Error::Timeout(_)))
}

/// Asks a proxy, over a connection to it, for a tunnel to the host of `target`.
pub(super) fn ask_for_tunnel(
    link: &mut (impl Read + Write),
    proxy: &Proxy,
    target: &Uri,
) -> io::Result<()> {
    let host = target.host().unwrap_or_default();
    let port = port_of(target).ok_or_else(|| io::Error::other(NO_PORT))?;
    link.write_all(proxy.connect_request(&format!("{host}:{port}")).as_bytes())?;
    link.flush()?;
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        // Byte by byte: whatever follows is the collector's.
        let mut byte = [0];
        if link.read(&mut byte)? == 0 || head.len() >= MAX_HEAD_BYTES {
            break;
        }
        head.push(byte[0]);
    }
    match proxy.connect_refusal(&head) {
        None => Ok(()),
        Some(refusal) => Err(io::Error::other(refusal)),
    }
}

impl Connector<()> for Connect {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        // With a proxy, the resolver has looked up the proxy.
        let tcp = self.tcp.connect(details, None::<()>);
        let Some(tcp) = tcp.map_err(|error| self.at_proxy(error))? else {
            return Ok(None);
        };
        let mut link: Box<dyn Transport> = Box::new(tcp);
        let is_https = details.needs_tls();
        let Some(proxy) = self.way.proxy() else {
            if is_https {
                let host = bare_host(details.uri);
                return self.tls(link, host, "the collector", details).map(Some);
            }
            return Ok(Some(Box::new(Plain::new(link))));
        };
        if proxy.is_https() {
            link = self.tls(link, proxy.host(), &proxy.shown(), details)?;
        }
        if is_https {
            link = self.tunnel(link, proxy, details)?;
            let host = bare_host(details.uri);
            return self.tls(link, host, "the collector", details).map(Some);
        }
        let mut link = TransportAdapter::new(link, Arc::clone(&details.current_time));
        link.set_timeout(details.timeout);
        let forwarding = Forwarding::new(link, proxy, details.uri);
        Ok(Some(Box::new(OverStream::new(
            forwarding,
            false,
            details.config,
        ))))
    }
}

impl Connect {
    /// With a proxy, it is the proxy that cannot be reached.
    fn at_proxy(&self, error: Error) -> Error {
        match (self.way.proxy(), error) {
            (Some(proxy), Error::Io(error)) => io::Error::new(
                error.kind(),
                format!("{} cannot be reached: {error}", proxy.shown()),
            )
            .into(),
            (_, error) => error,
        }
    }
}
