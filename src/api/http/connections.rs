//! Connections, from the listener to the stop.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::try_generate_salt;
use http::Request;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Layer, Service};
use tower_http::catch_panic::CatchPanicLayer;
use warp::reply::Response;

use super::admission::{Admission, Place};
use super::body::TrackedBody;
use super::in_flight::InFlight;
use super::limits::Limits;
use super::panics::OnPanic;
use super::problem_counts::ProblemCounts;
use super::proxies::TrustedProxies;
use super::request_ids::RequestIds;
use super::respond::Respond;
use super::stream::{GuardedStream, Lingering};
use crate::node::Counter;
use crate::tls::{Credentials, MaybeTls, NoTls};

/// Hyper's buffers of a connection, in bytes, for what is read and for what is
/// written; a page of `/chains` is not copied into them.
const BUFFER_BYTES: usize = 64 << 10;

/// Longest request head, in bytes; 431 above it, and above hyper's own 100 headers.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// How long to wait after a connection could not be accepted: usually for want of
/// file descriptors, which the next try would lack again.
const API_ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from.
#[derive(Debug)]
pub(in crate::api) struct Listeners {
    /// The API's port.
    pub(in crate::api) listener: TcpListener,
    /// What that port shows, `None` if it speaks in clear text.
    pub(in crate::api) tls: Option<Credentials>,
    /// Another port, in clear text.
    pub(in crate::api) plain: Option<TcpListener>,
}

impl Listeners {
    /// The next connection, and what it is to be shown. Dropping the future loses none.
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr, Option<&Credentials>)> {
        let plain = async {
            match &self.plain {
                Some(plain) => plain.accept().await,
                None => std::future::pending().await,
            }
        };
        let (accepted, tls) = tokio::select! {
            accepted = self.listener.accept() => (accepted, self.tls.as_ref()),
            accepted = plain => (accepted, None),
        };
        accepted.map(|(socket, client)| (socket, client, tls))
    }
}

/// Accepts connections and serves them.
#[derive(Debug)]
pub(in crate::api) struct Connections {
    limits: Limits,
    proxies: Arc<TrustedProxies>,
    ids: RequestIds,
    counts: ConnectionCounts,
    /// Owns the tasks of the open connections.
    open: TaskTracker,
}

/// What is counted of connections and of their responses; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct ConnectionCounts {
    open: TaskTracker,
    refused: Arc<Counter>,
    pub(in crate::api) problems: ProblemCounts,
}

impl ConnectionCounts {
    /// Returns how many connections are open.
    pub(in crate::api) fn open(&self) -> usize {
        self.open.len()
    }

    /// Returns how many connections were closed at once, since their address had too many.
    pub(in crate::api) fn refused(&self) -> u64 {
        self.refused.get()
    }
}

impl Connections {
    /// # Errors
    /// When the system gives no random numbers.
    pub(in crate::api) fn new(limits: Limits, proxies: TrustedProxies) -> io::Result<Self> {
        let salt = try_generate_salt().map_err(io::Error::other)?;
        let run = u32::from_be_bytes(salt.first_chunk().copied().unwrap_or_default());
        let (ids, counts) = (RequestIds::new(run), ConnectionCounts::default());
        Ok(Self { limits, proxies: Arc::new(proxies), ids, open: counts.open.clone(), counts })
    }

    /// Returns what is counted of them.
    pub(in crate::api) fn counts(&self) -> ConnectionCounts {
        self.counts.clone()
    }

    /// Serves requests with `service` until `stop` is cancelled; then waits for the responses in
    /// progress, at most [`Limits::grace`], and cuts what is left.
    pub(in crate::api) async fn serve<S>(
        self,
        listeners: Listeners,
        service: S,
        stop: CancellationToken,
    ) where
        S: Service<Request<TrackedBody>, Response = Response, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
    {
        let Self { limits, proxies, ids, counts, open: connections } = self;
        let service = CatchPanicLayer::custom(OnPanic).layer(service);
        let admission = Admission::new(&limits, Arc::clone(&proxies));
        let lingering = Admission::lingering(Arc::clone(&proxies));
        // Cut when the grace is over, however this function ends.
        let cut = CancellationToken::new();
        let _cut_at_last = cut.clone().drop_guard();
        while let Some(accepted) = accept(&listeners, &admission, &counts.refused, &stop).await {
            let Accepted { socket, client, tls, place } = accepted;
            let in_flight = InFlight::default();
            let (proxies, ids) = (Arc::clone(&proxies), ids.clone());
            let (service, problems) = (service.clone(), counts.problems.clone());
            let service = Respond::new(service, client, proxies, in_flight.clone(), ids, problems);
            let lingering = Lingering::new(lingering.clone(), client.ip());
            let (limits, stop, cut) = (limits.clone(), stop.clone(), cut.clone());
            let connection = async move {
                let Some(stream) = secure(socket, tls, client, &limits, &stop).await else {
                    return;
                };
                let stream = GuardedStream::new(stream, in_flight, &limits, lingering);
                serve(stream, service, stop).await;
            };
            connections.spawn(async move {
                let _place = place;
                tokio::select! {
                    () = connection => {}
                    () = cut.cancelled() => {}
                }
            });
        }
        drop(listeners);
        connections.close();
        let grace = timeout(limits.grace, connections.wait());
        if grace.await.is_err() {
            tracing::warn!(left = connections.len(), "connections were closed");
            cut.cancel();
            connections.wait().await;
        }
    }
}

/// A connection that may be served.
struct Accepted {
    socket: TcpStream,
    client: SocketAddr,
    tls: Option<Credentials>,
    place: Place,
}

/// Takes a client's handshake, in the time that a request's head has. `None` if it fails.
async fn secure(
    socket: TcpStream,
    tls: Option<Credentials>,
    client: SocketAddr,
    limits: &Limits,
    stop: &CancellationToken,
) -> Option<MaybeTls<TcpStream>> {
    let Some(tls) = tls else { return Some(MaybeTls::Plain(socket)) };
    let handshake = timeout(limits.header_timeout, tls.accept(socket, "https"));
    match stop.run_until_cancelled(handshake).await? {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error @ NoTls::Gone(_))) => {
            tracing::debug!(%client, "no connection: {error}");
        }
        Ok(Err(error)) => tracing::info!(%client, "no connection: {error}"),
        Err(_) => tracing::debug!(%client, "no connection: the TLS handshake timed out"),
    }
    None
}

/// The next connection that may be served, `None` if it is time to stop. When all
/// places are taken, clients wait in the system's listen queue.
async fn accept(
    listeners: &Listeners,
    admission: &Admission,
    refused: &Counter,
    stop: &CancellationToken,
) -> Option<Accepted> {
    loop {
        let room = tokio::select! {
            room = admission.room() => room?,
            () = stop.cancelled() => return None,
        };
        let accepted = tokio::select! {
            accepted = listeners.accept() => accepted,
            () = stop.cancelled() => return None,
        };
        match accepted {
            Ok((socket, client, tls)) => {
                if let Some(place) = admission.admit(room, client.ip()) {
                    // Small answers leave at once; without it they only take longer.
                    let _ = socket.set_nodelay(true);
                    return Some(Accepted { socket, client, tls: tls.cloned(), place });
                }
                refused.increment();
                tracing::debug!(%client, "closed: too many connections of this address");
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::select! {
                    () = tokio::time::sleep(API_ACCEPT_PAUSE) => {}
                    () = stop.cancelled() => return None,
                }
            }
        }
    }
}

/// Serves one connection to its end.
async fn serve<S, B>(
    stream: GuardedStream<MaybeTls<TcpStream>>,
    service: Respond<S>,
    stop: CancellationToken,
) where
    S: Service<
            Request<TrackedBody>,
            Response = http::Response<B>,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone,
    B: hyper::body::Body<Data = bytes::Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut builder = http1::Builder::new();
    // Heads are timed by the stream, which tells a slow head from a pause.
    builder.header_read_timeout(None);
    builder.max_buf_size(BUFFER_BYTES).max_header_size(MAX_HEAD_BYTES);
    let service = TowerToHyperService::new(service);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // A client that left or stalled: no concern of the operator's.
        tracing::debug!(%error, "a connection ended early");
    }
}
