//! A node with its peer network, in this process; and a peer that says what it is told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use jenny_chain::chain::{Block, Height, Spec};
use jenny_chain::node::{Links, Node, NodeConfig, NodeHandle};
use jenny_chain::p2p::{Network, P2pConfig};
use jenny_chain::store::{Opened, Options, StoreError, open};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::{PATIENCE, until};

/// A running node. Dropping it ends everything, without order.
pub(crate) struct PeerNode {
    pub(crate) handle: NodeHandle,
    pub(crate) address: SocketAddr,
    scheme: &'static str,
    pub(crate) directory: Option<TempDir>,
    stop: CancellationToken,
    networking: JoinHandle<()>,
    node: Option<Node>,
}

impl PeerNode {
    /// On a fresh `dev` chain. What a reorg puts back stays pending.
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// Set up otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut P2pConfig)) -> Self {
        Self::on(tempfile::tempdir().unwrap(), change).await
    }

    /// With the data of an earlier node.
    pub(crate) async fn on(directory: TempDir, change: impl FnOnce(&mut P2pConfig)) -> Self {
        Self::limited(directory, None, change).await
    }

    /// With a limit on the depth of reorgs.
    pub(crate) async fn limited(
        directory: TempDir,
        max_reorg_depth: Option<u64>,
        change: impl FnOnce(&mut P2pConfig),
    ) -> Self {
        Self::made(directory, max_reorg_depth, idle(), change).await
    }

    /// On a fresh `dev` chain, mining what is pending.
    pub(crate) async fn mining() -> Self {
        Self::made(tempfile::tempdir().unwrap(), None, NodeConfig::default(), |_| ()).await
    }

    async fn made(
        directory: TempDir,
        max_reorg_depth: Option<u64>,
        node: NodeConfig,
        change: impl FnOnce(&mut P2pConfig),
    ) -> Self {
        let mut config = P2pConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            ..P2pConfig::default()
        };
        change(&mut config);
        let scheme = if config.tls.is_some() { "wss" } else { "ws" };
        let (links, server) = Links::channel();
        let (node, handle) = open_limited(directory.path(), links, max_reorg_depth, node);
        let network = Network::bind(config, handle.clone(), server).await.unwrap();
        let address = network.local_addr();
        let stop = CancellationToken::new();
        let networking = tokio::spawn(network.run(stop.clone()));
        let node = Some(node);
        Self { handle, address, scheme, directory: Some(directory), stop, networking, node }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Dials another node as `POST /addToPeer` does.
    pub(crate) async fn dial(&self, url: &str) {
        self.handle.links().dial(&url.parse().unwrap()).await.unwrap();
    }

    pub(crate) async fn mine(&self, record: &str) {
        self.handle.mine(vec![record.to_owned()]).await.unwrap();
    }

    pub(crate) async fn import(&self, blocks: &[Block]) {
        for blocks in blocks.chunks(1_000) {
            self.handle.import(blocks.to_vec()).await.unwrap();
        }
    }

    pub(crate) fn height(&self) -> u64 {
        self.handle.tip().header.height.get()
    }

    /// Waits until this node's chain ends as another one's.
    pub(crate) async fn agrees_with(&self, other: &Self) {
        until("two nodes agree", || self.handle.tip().hash == other.handle.tip().hash).await;
    }

    /// Waits until this many links are live.
    pub(crate) async fn has_links(&self, count: usize) {
        until("the links are there", || self.handle.links().table().len() == count).await;
    }

    /// A block as the dialect writes it.
    pub(crate) async fn json(&self, height: u64) -> serde_json::Value {
        let view = self.handle.view();
        let spec = self.handle.spec().clone();
        let read = move || Ok(view.block(Height::new(height))?.unwrap());
        let block = self.handle.read(read).await.unwrap();
        let mut text = Vec::new();
        jenny_chain::chain::write_block_json(
            &mut text,
            &spec,
            &block.header,
            &block.hash,
            &block.records,
        );
        serde_json::from_slice(&text).unwrap()
    }

    /// Stops peers and node in order. Returns the data.
    pub(crate) async fn stop(mut self) -> TempDir {
        self.stop.cancel();
        (&mut self.networking).await.unwrap();
        let node = self.node.take().unwrap();
        tokio::task::spawn_blocking(|| node.stop()).await.unwrap().unwrap();
        self.directory.take().unwrap()
    }
}

impl Drop for PeerNode {
    fn drop(&mut self) {
        self.stop.cancel();
        self.networking.abort();
    }
}

/// Opens a `dev` chain. What a reorg puts back stays pending.
pub(crate) fn open_node(directory: &Path, links: Links) -> (Node, NodeHandle) {
    open_limited(directory, links, None, idle())
}

/// Pending records stay where they are.
fn idle() -> NodeConfig {
    NodeConfig { mines_pool: false, ..NodeConfig::default() }
}

fn open_limited(
    directory: &Path,
    links: Links,
    max_reorg_depth: Option<u64>,
    config: NodeConfig,
) -> (Node, NodeHandle) {
    let opened = open_store(directory, max_reorg_depth);
    let node = Node::start(opened, config, links);
    let handle = node.handle();
    (node, handle)
}

/// Opens the database of a `dev` chain.
pub(crate) fn open_store(directory: &Path, max_reorg_depth: Option<u64>) -> Opened {
    let options = Options {
        chain: Some(Spec::dev()),
        min_free_bytes: 0,
        cache_bytes: 4 << 20,
        max_reorg_depth,
        ..Options::default()
    };
    open_free(&directory.join("data"), &options)
}

/// Opens a database once nobody else holds it. A process that another test starts shares every
/// open file for a moment, and with it the lock of a database that was just closed.
fn open_free(directory: &Path, options: &Options) -> Opened {
    let started = Instant::now();
    loop {
        match open(directory, options, &mut |_| ()) {
            Err(StoreError::Locked { .. }) if started.elapsed() < PATIENCE => {
                std::thread::park_timeout(Duration::from_millis(2));
            }
            opened => return opened.unwrap(),
        }
    }
}

/// A peer that says what it is told.
pub(crate) struct Socket(pub(crate) WebSocketStream<TcpStream>);

impl Socket {
    /// Connects without a token, as the seed-like node does.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{address}");
        let (socket, response) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        assert!(!response.headers().contains_key("sec-websocket-protocol"));
        Self(socket)
    }

    pub(crate) async fn send(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    /// The next message that is text, or the code of the close.
    pub(crate) async fn next(&mut self) -> Result<serde_json::Value, u16> {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Ok(serde_json::from_str(&text).unwrap());
                    }
                    Some(Ok(Message::Close(frame))) => {
                        return Err(frame.map_or(0, |frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    other => panic!("neither text nor close: {other:?}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.expect("a message or a close")
    }

    /// The code with which the node closes, whatever it says before.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }
}
