//! A running node that listens for peers, in a process and a directory of its own.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::{Branch, Jenny, PATIENCE, Running, until};

/// A node with a port for peers. Its directory lives as long as it.
pub(crate) struct PeerNode {
    directory: TempDir,
    /// None only while it restarts.
    running: Option<Running>,
    /// `ws://address:port` at which it listens for peers.
    pub(crate) url: String,
    settings: Settings,
}

/// What a test may choose for its node.
#[derive(Clone)]
pub(crate) struct Settings {
    /// Flags beside those that every node of the tests gets.
    pub(crate) flags: String,
    /// Peers that it dials.
    pub(crate) max_dialled: usize,
    /// Whether it speaks the binary dialect.
    pub(crate) binary: bool,
    /// Whether it mines what is pending, also what a reorg puts back.
    pub(crate) mines_pool: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { flags: String::new(), max_dialled: 8, binary: true, mines_pool: false }
    }
}

impl PeerNode {
    /// A node that holds this chain.
    pub(crate) fn with(chain: &Branch) -> Self {
        Self::with_flags(chain, "")
    }

    /// A node that holds this chain, with flags of its own.
    pub(crate) fn with_flags(chain: &Branch, flags: &str) -> Self {
        Self::set_up(chain, Settings { flags: flags.to_owned(), ..Settings::default() })
    }

    /// A node that dials one peer, whichever it hears of.
    pub(crate) fn that_dials_one(chain: &Branch) -> Self {
        Self::set_up(chain, Settings { max_dialled: 1, ..Settings::default() })
    }

    /// A node that holds this chain, with settings of its own.
    pub(crate) fn set_up(chain: &Branch, settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        chain.store(&directory.path().join("data"));
        Self::over(directory, settings)
    }

    /// A node over what `data` in this directory holds.
    pub(crate) fn over(directory: TempDir, settings: Settings) -> Self {
        let mut node = Self { directory, running: None, url: String::new(), settings };
        node.start();
        node
    }

    fn start(&mut self) {
        let command = Jenny::new("run")
            .words("--api-listen 127.0.0.1:0 --p2p-listen 127.0.0.1:0")
            .words(&self.settings.flags)
            .env("JENNY_STORE_MIN_FREE", "0")
            .env("JENNY_P2P_MAX_DIALLED", self.settings.max_dialled.to_string())
            .env("JENNY_P2P_NATIVE", self.settings.binary.to_string())
            .env("JENNY_MINING_ENABLED", self.settings.mines_pool.to_string())
            .arg("--data-dir", self.data());
        let running = Running::start(command);
        let url = running.ready.split_whitespace().find_map(|part| part.strip_prefix("p2p="));
        url.expect("the ready line names the port for peers").clone_into(&mut self.url);
        self.running = Some(running);
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn process(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// `address:port` for peers.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("ws://").trim_end_matches('/')
    }

    /// Kills it without warning, and starts it again. Its ports are others afterwards.
    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        self.start();
    }

    /// Kills it without warning.
    pub(crate) fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.end(Signal::KILL);
        }
    }

    /// Starts it again after [`Self::kill`].
    pub(crate) fn restart(&mut self) {
        self.start();
    }

    /// Ends it in order, and checks every stored block.
    pub(crate) fn stop_and_verify(self) {
        self.stop_and_verify_within(PATIENCE);
    }

    /// As [`Self::stop_and_verify`], for a long chain.
    pub(crate) fn stop_and_verify_within(mut self, time: Duration) {
        self.running.take().unwrap().stop();
        Jenny::new("verify").arg("--data-dir", self.data()).done_within(time).ok();
    }

    /// Tells it to dial a peer; whether there is a link now.
    pub(crate) fn dial(&self, url: &str) -> bool {
        self.try_dial(url).is_ok()
    }

    /// Tells it to dial a peer; why there is no link now.
    pub(crate) fn try_dial(&self, url: &str) -> Result<(), String> {
        let body = serde_json::json!({ "peer": url }).to_string();
        match self.process().post("/addToPeer", &body) {
            Ok((200, _)) => Ok(()),
            Ok((code, text)) => Err(format!("{url}: {code} {text}")),
            Err(error) => Err(format!("{url}: {error}")),
        }
    }

    pub(crate) fn status(&self) -> Value {
        let (code, text) = self.process().get("/v1/status");
        assert_eq!(code, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn height(&self) -> u64 {
        self.status()["tip"]["height"].as_u64().unwrap()
    }

    pub(crate) fn tip(&self) -> String {
        self.status()["tip"]["hash"].as_str().unwrap().to_owned()
    }

    pub(crate) fn reorgs(&self) -> u64 {
        self.status()["swaps"]["count"].as_u64().unwrap()
    }

    /// Waits until this is the tip.
    pub(crate) fn until_tip(&self, hash: &str) {
        until(&format!("the tip is {hash}"), || self.tip() == hash);
    }

    /// Mines a block with this record, and returns its JSON.
    pub(crate) fn mine(&self, record: &str) -> String {
        let body = serde_json::json!({ "data": [record] }).to_string();
        let (code, text) = self.process().post("/mineBlock", &body).unwrap();
        assert_eq!(code, 200, "{text}");
        text
    }
}
