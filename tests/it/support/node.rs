//! A node with its API, in this process and a temporary directory.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use jenny_chain::api::{ApiConfig, AuthHandle, Role, Server, User};
use jenny_chain::chain::{Block, Spec};
use jenny_chain::node::{Links, Node, NodeConfig, NodeHandle};
use jenny_chain::store::{Options, open};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Client, Request, Response};

/// What a test may choose before the node starts.
pub(crate) struct Setup {
    pub(crate) spec: Spec,
    pub(crate) store: Options,
    pub(crate) node: NodeConfig,
    pub(crate) api: ApiConfig,
    pub(crate) links: Links,
}

/// A running node. Dropping it ends everything, without order.
pub(crate) struct ApiNode {
    pub(crate) address: SocketAddr,
    pub(crate) handle: NodeHandle,
    pub(crate) users: AuthHandle,
    pub(crate) peers_file: PathBuf,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    node: Option<Node>,
    _directory: TempDir,
}

impl ApiNode {
    /// A node on a fresh `dev` chain, with the default credentials.
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// As [`ApiNode::start`], but pending records stay where they are.
    pub(crate) async fn idle() -> Self {
        Self::with(|setup| setup.node.mines_pool = false).await
    }

    /// A node, set up otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let peers_file = directory.path().join("peers.json");
        let mut setup = Setup {
            spec: Spec::dev(),
            store: Options { min_free_bytes: 0, cache_bytes: 4 << 20, ..Options::default() },
            node: NodeConfig::default(),
            api: ApiConfig {
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                peers_file: peers_file.clone(),
                peers_required: true,
                ..ApiConfig::default()
            },
            links: Links::none(),
        };
        change(&mut setup);
        let Setup { spec, mut store, node, api, links } = setup;
        store.chain = Some(spec);
        let opened = open(&directory.path().join("data"), &store, &mut |_| ()).unwrap();
        let node = Node::start(opened, node, links);
        let handle = node.handle();
        let server = Server::bind(api, handle.clone()).await.unwrap();
        let (address, users) = (server.local_addr(), server.auth());
        let stop = CancellationToken::new();
        let serving = tokio::spawn(server.run(stop.clone()));
        let node = Some(node);
        Self { address, handle, users, peers_file, stop, serving, node, _directory: directory }
    }

    /// A connection.
    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Sends one request on a connection of its own.
    pub(crate) async fn ask(&self, request: &Request) -> Response {
        self.connect().await.ask(request).await
    }

    /// As the default user.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.ask(&Request::get(path).jenny()).await
    }

    /// As the default user, with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Response {
        self.ask(&Request::post(path).jenny().json(body)).await
    }

    /// Mines one block of one record.
    pub(crate) async fn mine(&self, record: &str) -> serde_json::Value {
        let body = serde_json::json!({ "data": [record] }).to_string();
        self.post("/mineBlock", body).await.expect(200).json()
    }

    /// Imports blocks in batches that are small enough for any length of block.
    pub(crate) async fn import(&self, blocks: &[Block]) {
        for blocks in blocks.chunks(20) {
            self.handle.import(blocks.to_vec()).await.unwrap();
        }
    }

    /// Stops the API as a signal would, and waits for its end.
    pub(crate) async fn stop_api(&mut self) {
        self.stop.cancel();
        (&mut self.serving).await.unwrap();
    }

    /// Stops the node under the API.
    pub(crate) async fn stop_node(&mut self) {
        let node = self.node.take().unwrap();
        tokio::task::spawn_blocking(|| node.stop()).await.unwrap().unwrap();
    }
}

impl Drop for ApiNode {
    fn drop(&mut self) {
        self.stop.cancel();
        self.serving.abort();
    }
}

/// A user whose password costs next to nothing to verify.
pub(crate) fn user(name: &str, password: &str, role: Role) -> User {
    let params = Params::new(8, 1, 1, None).unwrap();
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = hasher.hash_password(password.as_bytes()).unwrap().to_string();
    User { name: name.to_owned(), hash, role }
}
