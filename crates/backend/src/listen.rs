//! Takes connections, and gives none of them for ever: whoever sends half a request and falls
//! silent neither keeps their place nor holds up a stop.

use std::pin::pin;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use pult_protocol::Code;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// A request's head must come within this time, and the next one's on the same connection too.
/// Proxies give up idle connections after a minute; whoever does so first must be them.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// Its body must come, and be answered, within this time.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a stop waits for requests under way.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Between tries when the system gives no more connections.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);

/// Serves until the backend stops.
pub(crate) async fn run(backend: Shared, listener: TcpListener, router: Router) {
    let router = router.layer(middleware::from_fn(in_time));
    loop {
        let accepted = tokio::select! {
            () = backend.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let router = router.clone().layer(Extension(ConnectInfo(peer)));
                let backend_too = Shared::clone(&backend);
                drop(backend.tasks.spawn(serve(backend_too, stream, router)));
            }
            Err(error) => {
                tracing::error!(%error, "No connection could be taken");
                sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

/// One connection. How it ends is of no interest: whoever was at its other end knows.
async fn serve(backend: Shared, stream: TcpStream, router: Router) {
    // What is written is whole: nothing is to wait for more.
    drop(stream.set_nodelay(true));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = backend.stopping.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    drop(timeout(STOP_PATIENCE, connection).await);
}

async fn in_time(request: Request, next: Next) -> Response {
    match timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            ProblemResponse::new(Code::Unavailable, "the request took too long").into_response()
        }
    }
}
