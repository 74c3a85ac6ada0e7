//! A connection for something other than HTTP requests: through a tunnel if there is a proxy.

use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use ureq::http::Uri;

use super::Way;
use super::connector::ask_for_tunnel;
use super::proxy::{NO_PORT, bare_host, port_of};

impl Way {
    /// Connects to the host of `url`, through the proxy if there is one; blocks. TLS with the collector is up to the
    /// caller.
    ///
    /// # Errors
    /// There is no connection; the text says which host cannot be reached.
    pub fn dial(&self, url: &Uri, timeout: Duration) -> io::Result<TcpStream> {
        let Some(proxy) = self.proxy() else {
            let port = port_of(url).ok_or_else(|| io::Error::other(NO_PORT))?;
            return connect(bare_host(url), port, timeout);
        };
        if proxy.is_https() {
            return Err(io::Error::other(format!(
                "{} wants TLS, through which a stream cannot go: name the collector's host in no_proxy",
                proxy.shown()
            )));
        }
        let mut stream = connect(proxy.host(), proxy.port(), timeout).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("{} cannot be reached: {error}", proxy.shown()),
            )
        })?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        ask_for_tunnel(&mut stream, proxy, url)?;
        stream.set_read_timeout(None)?;
        stream.set_write_timeout(None)?;
        Ok(stream)
    }
}

/// The first address that answers.
fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "its host name is not known");
    let addresses = (host, port)
        .to_socket_addrs()
        .map_err(|_| io::Error::new(io::ErrorKind::NotFound, "its host name is not known"))?;
    for address in addresses {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
