//! Nodes in temporary directories, and branches mined beside them.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Links, Node, NodeConfig, NodeHandle, StoredBlock};
use crate::chain::test_util::spec_with;
use crate::chain::{Height, Spec, TipState};
use crate::store::{Opened, Options, open};

/// A running node whose data goes when it is dropped.
pub(crate) struct TestNode {
    node: Running,
    pub(crate) handle: NodeHandle,
    pub(crate) dir: TempDir,
    options: Options,
    config: NodeConfig,
}

/// Stops its node when it is dropped: no test may leave one that failed.
struct Running(Option<Node>);

impl Drop for Running {
    fn drop(&mut self) {
        let stopped = self.0.take().map_or(Ok(()), Node::stop);
        assert!(stopped.is_ok() || std::thread::panicking(), "{stopped:?}");
    }
}

impl TestNode {
    /// A node on a fresh `dev` chain.
    pub(crate) fn dev() -> Self {
        Self::new(&Spec::dev(), NodeConfig::default())
    }

    /// A node on a fresh `dev` chain whose pool's records stay where they are.
    pub(crate) fn idle() -> Self {
        Self::new(&Spec::dev(), NodeConfig { mines_pool: false, ..NodeConfig::default() })
    }

    pub(crate) fn new(spec: &Spec, config: NodeConfig) -> Self {
        Self::with_options(&Options { min_free_bytes: 0, ..options(spec) }, config)
    }

    pub(crate) fn with_options(options: &Options, config: NodeConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let opened = open(dir.path(), options, &mut |_| ()).unwrap();
        Self::run(opened, config, dir, options.clone())
    }

    fn run(opened: Opened, config: NodeConfig, dir: TempDir, options: Options) -> Self {
        let node = Node::start(opened, config.clone(), Links::none());
        Self { handle: node.handle(), node: Running(Some(node)), dir, options, config }
    }

    /// Stops the node. Returns its directory.
    pub(crate) async fn stop(self) -> TempDir {
        let Self { node, dir, .. } = self;
        tokio::task::spawn_blocking(|| drop(node)).await.unwrap();
        dir
    }

    /// Stops the node, and starts it again.
    pub(crate) async fn restart(self) -> Self {
        let (options, config) = (self.options.clone(), self.config.clone());
        let dir = self.stop().await;
        let opened = open(dir.path(), &options, &mut |_| ()).unwrap();
        Self::run(opened, config, dir, options)
    }

    /// Starts a node on what the files hold at this moment, as after kill -9.
    pub(crate) async fn crash(self) -> Self {
        let (options, config) = (self.options.clone(), self.config.clone());
        let dir = tempfile::tempdir().unwrap();
        copy(self.dir.path(), dir.path());
        // It may write as it stops, but not to these files.
        self.stop().await;
        let opened = open(dir.path(), &options, &mut |_| ()).unwrap();
        Self::run(opened, config, dir, options)
    }

    /// Stops the node. Returns how.
    pub(crate) async fn stop_with_error(mut self) -> Option<super::NodeFailure> {
        let node = self.node.0.take()?;
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

/// Copies a directory of files and directories.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
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

/// About 256 attempts a block, and harder or easier with the blocks' times, so that
/// the longest branch is not always the one with most work.
pub(crate) fn varied() -> Spec {
    spec_with(&[
        ("name", "\"varied\""),
        ("pow_limit_bits", "\"2000ffff\""),
        ("retarget_window", "10"),
    ])
}

pub(crate) fn records(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

/// Waits for `holds`, for at most a minute: the machine may do other work.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
