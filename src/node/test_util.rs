//! Nodes in temporary directories, and branches mined beside them.

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Links, Node, NodeConfig, NodeHandle, StoredBlock};
use crate::chain::{Block, Hash, Header, Height, Spec, Timestamp, TipState};
use crate::store::{Opened, Options, open};

/// A running node whose data goes when it is dropped.
pub(crate) struct TestNode {
    pub(crate) handle: NodeHandle,
    pub(crate) dir: TempDir,
    node: Node,
    options: Options,
}

impl TestNode {
    /// A node on a fresh `dev` chain.
    pub(crate) fn dev() -> Self {
        Self::new(&Spec::dev(), NodeConfig::default())
    }

    pub(crate) fn new(spec: &Spec, config: NodeConfig) -> Self {
        Self::with_options(&Options { min_free_bytes: 0, ..options(spec) }, config)
    }

    pub(crate) fn with_options(options: &Options, config: NodeConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let opened = open(dir.path(), options, &mut |_| ()).unwrap();
        let node = Node::start(opened, config, Links::none());
        Self { handle: node.handle(), dir, node, options: options.clone() }
    }

    /// Stops the node. Returns its directory.
    pub(crate) async fn stop(self) -> TempDir {
        let Self { handle, dir, node, .. } = self;
        tokio::task::spawn_blocking(|| node.stop()).await.unwrap().unwrap();
        drop(handle);
        dir
    }

    /// Stops the node, and starts it again.
    pub(crate) async fn restart(self) -> Self {
        let options = self.options.clone();
        let dir = self.stop().await;
        let opened = open(dir.path(), &options, &mut |_| ()).unwrap();
        let node = Node::start(opened, NodeConfig::default(), Links::none());
        Self { handle: node.handle(), dir, node, options }
    }

    /// Stops the node. Returns how.
    pub(crate) async fn stop_with_error(self) -> Option<super::NodeFailure> {
        let node = self.node;
        tokio::task::spawn_blocking(|| node.stop()).await.unwrap().err()
    }

    /// The main chain above genesis, from a fresh view.
    pub(crate) async fn chain(&self) -> Vec<StoredBlock> {
        chain(&self.handle).await
    }

    /// What the chain ends in.
    pub(crate) fn state(&self) -> TipState {
        let view = self.handle.view();
        view.state_at(view.tip().header.height).unwrap().unwrap()
    }
}

/// The main chain above genesis.
pub(crate) async fn chain(handle: &NodeHandle) -> Vec<StoredBlock> {
    let view = handle.view();
    let read = move || {
        let mut blocks = Vec::new();
        let mut next = Height::new(1);
        while next <= view.tip().header.height {
            blocks.extend(view.blocks(next, view.tip().header.height)?);
            next = blocks.last().map_or(next, |block: &StoredBlock| block.header.height.next());
        }
        Ok(blocks)
    };
    handle.read(read).await.unwrap()
}

pub(crate) fn options(spec: &Spec) -> Options {
    Options { chain: Some(spec.clone()), cache_bytes: 4 << 20, ..Options::default() }
}

/// Opens what a node left.
pub(crate) fn reopen(dir: &Path) -> Opened {
    open(dir, &Options { min_free_bytes: 0, ..Options::default() }, &mut |_| ()).unwrap()
}

/// A chain that nobody mines within a test: its target is 1.
pub(crate) fn hopeless() -> Spec {
    let text = Spec::dev().canonical_text().replace("207fffff", "01010000");
    Spec::parse(&text.replace("\"dev\"", "\"hopeless\"")).unwrap()
}

/// About 256 attempts a block, and harder or easier with the blocks' times, so that
/// the longest branch is not always the one with most work.
pub(crate) fn varied() -> Spec {
    let text = Spec::dev().canonical_text().replace("207fffff", "2000ffff");
    let text = text.replace("\"retarget_window\":0", "\"retarget_window\":10");
    Spec::parse(&text.replace("\"dev\"", "\"varied\"")).unwrap()
}

/// A branch that grows in memory.
#[derive(Clone)]
pub(crate) struct Branch {
    pub(crate) spec: Spec,
    pub(crate) tip: TipState,
    pub(crate) blocks: Vec<Block>,
}

impl Branch {
    pub(crate) fn from_genesis(spec: &Spec) -> Self {
        Self { spec: spec.clone(), tip: TipState::genesis(spec), blocks: Vec::new() }
    }

    pub(crate) fn from(spec: &Spec, tip: TipState) -> Self {
        Self { spec: spec.clone(), tip, blocks: Vec::new() }
    }

    /// Adds `count` blocks of one record that names them.
    pub(crate) fn grow(&mut self, count: u64, name: &str) -> &mut Self {
        for _ in 0..count {
            let record = format!("{name} {}", self.tip.height().next());
            self.add(vec![record], self.tip.header().timestamp);
        }
        self
    }

    pub(crate) fn add(&mut self, records: Vec<String>, time: Timestamp) -> Hash {
        let template = self.tip.template(&self.spec, &records, time);
        let header = mine_slowly(template);
        let block = Block { header, records };
        let valid = self.tip.check_block(&self.spec, block.clone(), header.timestamp).unwrap();
        self.tip.extend(&valid);
        self.blocks.push(block);
        valid.hash()
    }
}

/// The lowest nonce, by hashing the whole header for each.
pub(crate) fn mine_slowly(template: Header) -> Header {
    let target = template.bits.target().unwrap();
    let headers = (0..).map(|nonce| Header { nonce, ..template });
    headers.into_iter().find(|header| target.is_met_by(&header.hash())).unwrap()
}

pub(crate) fn records(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

/// Waits for `holds`, for at most ten seconds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(10), "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
