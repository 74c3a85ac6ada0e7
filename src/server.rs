//! Serving: from a listener until told to stop, and then in order.

use std::future::{Future, IntoFuture as _};
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
