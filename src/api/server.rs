//! The API, from its configuration to its stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::auth::verify::{Auth, AuthHandle};
use super::config::{ApiConfig, BindError};
use super::context::Context;
use super::http::connections::{Connections, Listeners};
use super::http::host::Hosts;
use super::metrics::requests::RequestCounts;
use super::routes;
use super::routes::router::{self, Router, Rules};
use crate::node::NodeHandle;

/// The API, listening.
#[derive(Debug)]
pub struct Server {
    listeners: Listeners,
    local_addr: SocketAddr,
    plain_addr: Option<SocketAddr>,
    connections: Connections,
    rules: Arc<Rules>,
    context: Arc<Context>,
}

impl Server {
    /// Listens. Connections are served once [`Server::run`] runs; until then they
    /// wait. What the configuration must not be is for [`ApiConfig::check`] to say.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the system gives no random
    /// numbers.
    pub async fn bind(config: ApiConfig, node: NodeHandle) -> Result<Self, BindError> {
        let (listener, local_addr) = listen(config.listen, BindError::Listen).await?;
        let plain = match config.plain_listen.filter(|_| config.tls.is_some()) {
            Some(plain) => Some(listen(plain, BindError::PlainListen).await?),
            None => None,
        };
        let (plain, plain_addr) = plain.unzip();
        if config.is_exposed() {
            let advice = if node.stopped().is_some() {
                "let an SSH tunnel or a TLS proxy connect to 127.0.0.1 instead"
            } else {
                "set `api.tls` (docs/tls.md), or put a TLS proxy in front of it"
            };
            tracing::warn!(
                address = %plain_addr.unwrap_or(local_addr),
                "the API listens beyond this machine without TLS: passwords cross the network in clear text; {advice}"
            );
        }
        let auth = Auth::new(&config.users, config.takes_default_user());
        let auth = auth.map_err(BindError::NoRandom)?;
        if auth.lets_nobody_in() {
            tracing::warn!(
                "no user exists and the default user is disabled: nobody can use the API until a user is added (`jenny user add NAME`)"
            );
        }
        let (table, is_read_only) = (routes::table(), node.stopped().is_some());
        let requests = Arc::new(RequestCounts::new(table.paths()));
        let connections = Connections::new(config.limits.clone(), config.trusted_proxies.clone());
        let connections = connections.map_err(BindError::NoRandom)?;
        let context = Context::new(&config, node, connections.counts(), Arc::clone(&requests));
        Ok(Self {
            listeners: Listeners { listener, tls: config.tls, plain },
            local_addr,
            plain_addr,
            connections,
            rules: Arc::new(Rules {
                hosts: Hosts::new(&config.hosts, config.cors_origins.clone()),
                auth,
                is_read_only,
                answers: context.answers.clone(),
                table,
                requests,
            }),
            context: Arc::new(context),
        })
    }

    /// Returns where it listens, with the port that was picked.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Returns where it listens for clear text beside HTTPS.
    pub const fn plain_addr(&self) -> Option<SocketAddr> {
        self.plain_addr
    }

    /// Returns the handle that replaces the users while it runs.
    pub fn auth(&self) -> AuthHandle {
        self.rules.auth.handle()
    }

    /// Serves until `stop` is cancelled; then takes no more requests, waits for the
    /// responses in progress, at most [`Limits::grace`](super::Limits::grace), and cuts what is left.
    pub async fn run(self, stop: CancellationToken) {
        let Self { listeners, connections, rules, context, .. } = self;
        let auth = Arc::clone(&rules.auth);
        let reminding = tokio::spawn(async move {
            auth.remind_of_default_user(|| {
                tracing::warn!("the default user jenny with password 1234 can use the API: anybody on this machine, or behind a proxy or port forward to it, is an operator; add a user with `jenny user add NAME`, which ends this");
            })
            .await;
        });
        let _reminding = AbortOnDropHandle::new(reminding);
        let (stopped, streams) = (stop.clone(), context.stop.clone());
        let ending = tokio::spawn(async move {
            stopped.cancelled().await;
            streams.cancel();
        });
        let _ending = AbortOnDropHandle::new(ending);
        let router = Router::new(rules, warp::service(router::filter(context)));
        connections.serve(listeners, router, stop).await;
    }
}

/// Listens on an address; port 0 picks a free one.
async fn listen(
    address: SocketAddr,
    failed: fn(SocketAddr, io::Error) -> BindError,
) -> Result<(TcpListener, SocketAddr), BindError> {
    let listening = async {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        Ok((listener, local))
    };
    listening.await.map_err(|error| failed(address, error))
}
