//! The HTTP server: serves a listener until told to stop, then shuts down in order.
//!
//! - `connections`: open connections, and which to close when there are too many
//! - `io`: a client's socket, with time limits
//! - `body`: request and response bodies

mod body;
mod connections;
mod io;

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::config::HttpConfig;
use crate::jobs;

use body::{AnswerBody, RequestBody};
use connections::Connections;
use io::{LimitedIo, Times};

pub(crate) use body::TooSlow;
pub(crate) use connections::Connection;

/// How long open requests may take after shutdown began.
const DRAIN: Duration = Duration::from_secs(10);

/// Largest request head, in bytes; also the most that a connection buffers.
const HEAD_BYTES: usize = 64 << 10;

/// Descriptors reserved for everything but connections: the database, the log, launched runs.
const OTHER_DESCRIPTORS: u64 = 256;

/// Pause in accepting when the machine is out of descriptors or memory.
const BREATHER: Duration = Duration::from_millis(50);

/// A vanished client machine is detected after about this long.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// The connection of a request, as a request extension.
#[derive(Debug, Clone)]
pub(crate) struct Peer(pub(crate) Arc<Connection>);

/// Serves `router` until `shutdown`, then answers open requests, closes streams with a reason, commits what was
/// accepted, and returns.
///
/// # Errors
/// The listener failed.
pub async fn run(
    app: App,
    router: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    jobs::start(&app, own_url(listener.local_addr()?));
    let closing = app.closing.clone();
    let accepting = accept(&app.config.http, listener, router, closing.clone());
    let stopping = async {
        shutdown.await;
        tracing::info!("stopping: no new requests, open ones are answered");
        closing.cancel();
        tokio::time::sleep(DRAIN).await;
    };
    // A stream outlives the request that opened it, and is closed separately.
    let served = async {
        accepting.await;
        app.streams.close();
        app.streams.wait().await;
    };
    tokio::select! {
        () = served => {}
        () = stopping => tracing::warn!("some requests were still open and are cut off"),
    }
    app.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Accepts connections until told to stop, and returns when all of them have ended.
async fn accept(
    config: &HttpConfig,
    listener: TcpListener,
    router: Router,
    closing: CancellationToken,
) {
    let connections =
        Connections::new(most_connections(config), config.max_connections_per_address);
    let times = Times {
        head: Duration::from_secs(config.head_seconds),
        idle: Duration::from_secs(config.idle_seconds),
        write: Duration::from_secs(config.write_seconds),
    };
    let patience = Duration::from_secs(config.body_seconds);
    let open = TaskTracker::new();
    let mut is_breathless = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closing.cancelled() => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_the_clients(&error) => continue,
            Err(error) => {
                // Out of descriptors or memory: idle connections make room, and the pause avoids a busy loop.
                if !std::mem::replace(&mut is_breathless, true) {
                    tracing::error!(%error, "no connection can be accepted for now");
                }
                metrics::counter!("playback_accept_failures_total").increment(1);
                connections.give_up_one();
                tokio::time::sleep(BREATHER).await;
                continue;
            }
        };
        is_breathless = false;
        let is_proxy = config.trusts(address.ip());
        let Some(admitted) = connections.admit(address.ip(), is_proxy) else {
            metrics::counter!("playback_connections_refused_total").increment(1);
            let text = io::refusal(
                "503 Service Unavailable",
                "busy",
                "too many connections are open: try again in a moment",
            );
            // A new connection accepts this little at once, or is gone.
            let _ = stream.try_write(text.as_bytes());
            continue;
        };
        set_options(&stream, times.write);
        let connection = admitted.0.clone();
        let io = LimitedIo::new(stream, admitted, times);
        let router = router.clone();
        let closing = closing.clone();
        open.spawn(async move {
            tokio::select! {
                () = serve(io, connection.clone(), router, patience, closing) => {}
                () = connection.given_up() => {}
            }
        });
    }
    drop(listener);
    open.close();
    open.wait().await;
}

/// Handles the requests of one connection.
async fn serve(
    io: LimitedIo,
    connection: Arc<Connection>,
    router: Router,
    patience: Duration,
    closing: CancellationToken,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        connection.request_began();
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(Peer(connection.clone()));
        let body = RequestBody::new(Body::new(body), connection.clone(), patience);
        let answering = router.call(Request::from_parts(parts, Body::new(body)));
        let connection = connection.clone();
        async move {
            let answer: Response<Body> = answering.await?;
            if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                connection.became_stream();
            }
            Ok::<_, Infallible>(answer.map(|body| AnswerBody::new(body, connection)))
        }
    });
    let serving = http1::Builder::new()
        .max_buf_size(HEAD_BYTES)
        // The socket itself enforces the time limits.
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut serving = pin!(serving);
    let served = tokio::select! {
        served = serving.as_mut() => served,
        () = closing.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        tracing::trace!(%error, "a connection failed");
    }
}

/// The answer of a router to a request that this process makes itself.
pub(crate) async fn in_process(router: Router, request: Request<Body>) -> Response<Body> {
    match TowerToHyperService::new(router).call(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

fn set_options(stream: &TcpStream, patience: Duration) {
    // Send small responses immediately.
    let _ = stream.set_nodelay(true);
    // Detects vanished clients even while a stream is quiet.
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE / 4);
    let _ = socket.set_tcp_keepalive(&keepalive);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(patience.max(KEEPALIVE)));
}

/// Whether the failure is the client's, which broke the connection off.
fn is_the_clients(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

/// The connection limit: as configured, if the machine allows that many descriptors.
fn most_connections(config: &HttpConfig) -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = descriptors
        .saturating_sub(OTHER_DESCRIPTORS)
        .max(descriptors / 2);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if most < config.max_connections {
        tracing::warn!(
            descriptors,
            connections = most,
            "http.max_connections is more than this process may have descriptors for (ulimit -n)"
        );
    }
    most.min(config.max_connections)
}

/// Raises this process's descriptor limit to the hard limit.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// Our URL for processes on this machine.
fn own_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}
