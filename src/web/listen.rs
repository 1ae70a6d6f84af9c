//! Listening: connections come in, are answered, and are ended when the server is to stop.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;

use crate::web::app::templates::{TemplateError, Templates};
use crate::web::http::connections::{Client, Connections};
use crate::web::http::peer::Peer;
use crate::web::router::router;
use crate::web::server::{Server, ServerParts};

/// How long the head of a request may take to come.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests in flight may take when the server is to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(20);
/// The pause after a connection could not be accepted: too many files are open, most likely, and some will be closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A socket that was opened cannot be used.
    #[error("the server's socket can't be used: {0}")]
    Listener(#[from] io::Error),
    /// A template of the app is broken, which is a bug.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Serves until `until` is over; then requests in flight are finished.
///
/// # Errors
/// [`ServeError`] when a listener cannot be used, or a template is broken.
pub async fn serve(
    parts: ServerParts,
    listeners: Vec<TcpListener>,
    until: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let (stopping, stop) = watch::channel(false);
    let routes = router(Server::new(parts, Templates::new()?, stop));
    let graceful = Arc::new(GracefulShutdown::new());
    let connections = Connections::new();
    let mut acceptors = tokio::task::JoinSet::new();
    for listener in listeners {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tracing::info!(address = %listener.local_addr()?, "listening");
        acceptors.spawn(accept(listener, routes.clone(), Arc::clone(&graceful), Arc::clone(&connections)));
    }
    until.await;
    tracing::info!(connections = connections.count(), "stopping: requests in flight are finished");
    // Streams of events would never end by themselves. Where nobody receives this, there is none.
    let _ = stopping.send(true);
    acceptors.shutdown().await;
    if let Some(graceful) = Arc::into_inner(graceful)
        && tokio::time::timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err()
    {
        tracing::warn!(connections = connections.count(), "stopped while requests were still in flight");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Accepts connections. One more is never waited for: there are as many as there may be, and one of the old ones goes.
async fn accept(
    listener: tokio::net::TcpListener,
    routes: Router,
    graceful: Arc<GracefulShutdown>,
    connections: Arc<Connections>,
) {
    loop {
        let (stream, there) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(here) = stream.local_addr() else {
            // It is gone already.
            continue;
        };
        // Without it answers only come a little later.
        let _ = stream.set_nodelay(true);
        let (admitted, make_room) = connections.admit(Peer::identify(&stream, here, there));
        let service = for_client(routes.clone(), admitted.client());
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).half_close(true);
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(admitted.watched(stream)), service));
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => {
                    // A connection that breaks is its browser's affair.
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection broke");
                    }
                }
                _ = make_room => {}
            }
            drop(admitted);
        });
    }
}

/// The routes, told with each request who asks.
fn for_client(
    routes: Router,
    client: Client,
) -> impl Service<axum::http::Request<Incoming>, Response = Response, Error = Infallible, Future: Send + 'static> {
    let routes = TowerToHyperService::new(routes);
    service_fn(move |mut request: axum::http::Request<Incoming>| {
        request.extensions_mut().insert(client.clone());
        routes.call(request)
    })
}
