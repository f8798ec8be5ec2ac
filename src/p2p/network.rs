//! The peer network as a whole: the listener, the driver, and their end.

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::P2pConfig;
use super::config::MAX_MAX_MESSAGE;
use super::connect;
use super::context::{Context, MAX_CHAINS, MAX_EVENTS, Sources};
use super::driver::Driver;
use super::refused::Refused;
use super::socket::budget::Budget;
use super::socket::transport::{Tcp, Transport};
use super::socket::upgrade_slots::UpgradeSlots;
use crate::node::{LinkServer, NodeHandle};
use crate::tls::Credentials;

/// Pause after the system gave no connection: it is out of descriptors, most likely.
const LINK_ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the peer network does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// [`P2pConfig::listen`] cannot be listened on.
    #[error("it cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// [`P2pConfig::plain_listen`] cannot be listened on.
    #[error("it cannot listen on {0}")]
    PlainListen(SocketAddr, #[source] io::Error),
}

/// A peer network that listens and does nothing else yet.
pub struct Network<T: Transport = Tcp> {
    transport: T,
    listener: T::Listener,
    address: SocketAddr,
    /// For links in clear text beside those with TLS.
    plain: Option<(T::Listener, SocketAddr)>,
    context: Arc<Context>,
    events: mpsc::Receiver<super::event::Event>,
    server: LinkServer,
}

impl<T: Transport> std::fmt::Debug for Network<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Network {
    /// Listens over TCP.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub async fn bind(
        config: P2pConfig,
        node: NodeHandle,
        server: LinkServer,
    ) -> Result<Self, BindError> {
        Self::over(Tcp, config, node, server).await
    }
}

impl<T: Transport> Network<T> {
    /// Listens over another network.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub async fn over(
        transport: T,
        mut config: P2pConfig,
        node: NodeHandle,
        server: LinkServer,
    ) -> Result<Self, BindError> {
        let listen = async |address, failed: fn(SocketAddr, io::Error) -> BindError| {
            transport.listen(address).await.map_err(|error| failed(address, error))
        };
        let (listener, address) = listen(config.listen, BindError::Listen).await?;
        let plain = match config.plain_listen.filter(|_| config.tls.is_some()) {
            Some(plain) => Some(listen(plain, BindError::PlainListen).await?),
            None => None,
        };
        config.max_message = config.max_message.min(MAX_MAX_MESSAGE);
        let budget = Budget::new(config.max_message);
        let (send, events) = mpsc::channel(MAX_EVENTS);
        let context = Arc::new(Context {
            node,
            config,
            events: send,
            budget,
            debts: Arc::default(),
            checks: Arc::new(Semaphore::new(cores())),
            chains: Arc::new(Semaphore::new(MAX_CHAINS)),
            sources: Sources::default(),
            refused: Refused::default(),
            last_block: Mutex::default(),
            stop: CancellationToken::new(),
        });
        Ok(Self { transport, listener, address, plain, context, events, server })
    }

    /// Where it listens.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens for links in clear text beside those with TLS.
    pub fn plain_addr(&self) -> Option<SocketAddr> {
        self.plain.as_ref().map(|(_, address)| *address)
    }

    /// Serves until `stop`; then closes every link, within about three seconds.
    pub async fn run(self, stop: CancellationToken) {
        let Self { transport, listener, address, plain, context, events, server } = self;
        let tasks = TaskTracker::new();
        let driver =
            Driver::new(Arc::clone(&context), transport, address, events, server, tasks.clone());
        let slots = Arc::new(UpgradeSlots::default());
        let tls = context.config.tls.as_ref();
        let serve = accept::<T>(&context, &listener, tls, &slots, &tasks);
        let serve_plain = async {
            if let Some((listener, _)) = &plain {
                accept::<T>(&context, listener, None, &slots, &tasks).await;
            }
        };
        let drive = async { driver.await.run(stop).await };
        // The driver alone decides when it is over: it closes the links first.
        let serve = async {
            tokio::join!(serve, serve_plain);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = drive => {}
            () = serve => {}
        }
    }
}

/// As many messages are checked at a time.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Takes connections until the node stops, with TLS if there is any.
async fn accept<T: Transport>(
    context: &Arc<Context>,
    listener: &T::Listener,
    tls: Option<&Credentials>,
    slots: &Arc<UpgradeSlots>,
    tasks: &TaskTracker,
) {
    let next = async || {
        slots.room().await;
        T::accept(listener).await
    };
    while let Some(accepted) = context.stop.run_until_cancelled(next()).await {
        match accepted {
            Ok((_, address)) if !context.config.allow.allows(address.ip()) => {
                tracing::debug!(%address, "no link: its address is not in `p2p.allow`");
            }
            Ok((stream, address)) => {
                let slot = slots.take(address.ip());
                let (context, tls) = (Arc::clone(context), tls.cloned());
                tasks.spawn(connect::accept(context, stream, tls, address, slot));
            }
            Err(error) => {
                tracing::warn!("no connection from peers can be accepted: {error}");
                tokio::time::sleep(LINK_ACCEPT_PAUSE).await;
            }
        }
    }
}
