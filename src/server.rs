//! Serving: from a listener until told to stop, and then in order.

use std::future::{Future, IntoFuture as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;

use crate::api;
use crate::app::App;

/// How long open requests may take to end after the program was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `shutdown`, then answers what is open, closes streams with a reason, commits what was
/// accepted, and returns.
///
/// # Errors
/// The listener failed.
pub async fn run(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let router = api::router(app.clone());
    // Runs are started, and looked after, as long as their reports can be taken in.
    let launching = app
        .launcher
        .clone()
        .serve(own_url(listener.local_addr()?), app.closing.clone());
    app.tasks.spawn(launching);
    let closing = app.closing.clone();
    let told = closing.clone();
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // Small answers leave at once.
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            shutdown.await;
            tracing::info!("stopping: no new requests, open ones are answered");
            told.cancel();
        })
        .into_future();
    let late = async {
        closing.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    // A stream outlives the request that opened it, and is told to close by itself.
    let served = async {
        serving.await?;
        app.streams.close();
        app.streams.wait().await;
        anyhow::Ok(())
    };
    tokio::select! {
        served = served => served?,
        () = late => tracing::warn!("some requests were still open and are cut off"),
    }
    app.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Where a process on this machine finds us.
fn own_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}
