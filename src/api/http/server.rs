//! The listener and its connections, from start to stop.

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
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tower::{Layer, Service};
use tower_http::catch_panic::CatchPanicLayer;

use super::admission::{Admission, Place};
use super::body::{BodyReader, TrackedBody};
use super::host::Hosts;
use super::in_flight::InFlight;
use super::panics::OnPanic;
use super::respond::{RequestIds, Respond};
use super::response_memory::ResponseMemory;
use super::stream::{GuardedStream, Lingering};
use crate::api::auth::access::{AccessControl, Rules};
use crate::api::auth::verify::Auth;
use crate::api::routes;
use crate::api::routes::Context;
use crate::api::routes::chains;
use crate::api::routes::{known, peers};
use crate::api::{ApiConfig, AuthHandle, Limits, TrustedProxies};
use crate::node::NodeHandle;

/// Hyper's buffers of a connection, in bytes, for what is read and for what is
/// written; a page of `/chains` is not copied into them.
const BUFFER_BYTES: usize = 64 << 10;

/// Longest request head, in bytes; 431 above it, and above hyper's own 100 headers.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// How long to wait after a connection could not be accepted: usually for want of
/// file descriptors, which the next try would lack again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The API, listening.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    limits: Limits,
    proxies: Arc<TrustedProxies>,
    rules: Arc<Rules>,
    context: Arc<Context>,
    ids: RequestIds,
}

impl Server {
    /// Listens. Connections are answered once [`Server::run`] runs; until then they
    /// wait. What the configuration must not be is for [`ApiConfig::check`] to say.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the system gives no random
    /// numbers.
    pub async fn bind(config: ApiConfig, node: NodeHandle) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let local_addr = listener.local_addr()?;
        if !config.is_local() {
            tracing::warn!(
                address = %local_addr,
                "the API listens beyond this machine without TLS: passwords cross the network in clear text; put a TLS proxy in front of it"
            );
        }
        let salt = try_generate_salt().map_err(io::Error::other)?;
        let run = u32::from_be_bytes(salt.first_chunk().copied().unwrap_or_default());
        let auth = Auth::new(&config)?;
        if auth.lets_nobody_in() {
            tracing::warn!(
                "no user exists and the default user is disabled: nobody can use the API until a user is added (`jenny init --user NAME --password-file FILE`, then SIGHUP)"
            );
        }
        let answers = ResponseMemory::new();
        let context = Context {
            node,
            answers: answers.clone(),
            bodies: BodyReader::new(&config.limits),
            peers_file: config.peers_file,
            peers_required: config.peers_required,
            streams: Arc::new(Semaphore::new(chains::MAX_STREAMS)),
            peers_turns: Arc::new(Semaphore::new(peers::MAX_ADD_ALL)),
            known_lists: Arc::new(Semaphore::new(known::MAX_KNOWN_LISTS)),
        };
        Ok(Self {
            listener,
            local_addr,
            limits: config.limits,
            proxies: Arc::new(config.trusted_proxies),
            rules: Arc::new(Rules { hosts: Hosts::new(&config.hosts), auth, answers }),
            context: Arc::new(context),
            ids: RequestIds::new(run),
        })
    }

    /// Where it listens, with the port that was picked.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// By which the users are replaced while it runs.
    pub fn auth(&self) -> AuthHandle {
        self.rules.auth.handle()
    }

    /// Serves until `stop` is cancelled; then takes no more requests, waits for the
    /// answers under way, at most [`Limits::grace`], and cuts what is left.
    pub async fn run(self, stop: CancellationToken) {
        let Self { listener, limits, proxies, rules, context, ids, .. } = self;
        let auth = Arc::clone(&rules.auth);
        let reminding = tokio::spawn(async move {
            auth.remind_of_default_user(|| {
                tracing::warn!("the default user jenny with password 1234 can use the API: anybody on this machine, or behind a proxy or port forward to it, is an operator; add a user with `jenny init --user NAME --password-file FILE`, which ends this");
            })
            .await;
        });
        let _reminding = AbortOnDropHandle::new(reminding);
        let routes = warp::service(routes::filter(&context));
        let gate = CatchPanicLayer::custom(OnPanic).layer(AccessControl::new(rules, routes));
        let admission = Admission::new(&limits, Arc::clone(&proxies));
        let lingering = Admission::lingering(Arc::clone(&proxies));
        // Owns the connections' tasks.
        let connections = TaskTracker::new();
        // Cut when the grace is over, however this function ends.
        let cut = CancellationToken::new();
        let _cut_at_last = cut.clone().drop_guard();
        while let Some((socket, client, place)) = accept(&listener, &admission, &stop).await {
            let in_flight = InFlight::default();
            let (activity_of, ids, proxies) =
                (in_flight.clone(), ids.clone(), Arc::clone(&proxies));
            let service = Respond::new(gate.clone(), client, proxies, activity_of, ids);
            let lingering = Lingering::new(lingering.clone(), client.ip());
            let stream = GuardedStream::new(socket, in_flight, &limits, lingering);
            let connection = serve(stream, service, stop.clone());
            let cut = cut.clone();
            connections.spawn(async move {
                let _place = place;
                tokio::select! {
                    () = connection => {}
                    () = cut.cancelled() => {}
                }
            });
        }
        drop(listener);
        connections.close();
        let grace = tokio::time::timeout(limits.grace, connections.wait());
        if grace.await.is_err() {
            tracing::warn!(left = connections.len(), "connections were cut");
            cut.cancel();
            connections.wait().await;
        }
    }
}

/// The next connection that may be served; none when it is time to stop. When all
/// places are taken, clients wait in the system's listen queue.
async fn accept(
    listener: &TcpListener,
    admission: &Admission,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, Place)> {
    loop {
        let room = tokio::select! {
            room = admission.room() => room?,
            () = stop.cancelled() => return None,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return None,
        };
        match accepted {
            Ok((socket, client)) => {
                if let Some(place) = admission.admit(room, client.ip()) {
                    // Small answers leave at once; without it they only take longer.
                    let _ = socket.set_nodelay(true);
                    return Some((socket, client, place));
                }
                tracing::debug!(%client, "closed: too many connections of this address");
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::select! {
                    () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                    () = stop.cancelled() => return None,
                }
            }
        }
    }
}

/// Serves one connection to its end.
async fn serve<S, B>(stream: GuardedStream<TcpStream>, service: Respond<S>, stop: CancellationToken)
where
    S: Service<
            Request<TrackedBody>,
            Response = http::Response<B>,
            Error = std::convert::Infallible,
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
