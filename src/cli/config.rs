//! The node's settings: defaults < jenny.toml < environment < flags.

mod keys;
mod layer;
mod size;
mod wording;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::args::RunArgs;
use super::exit::{Code, Failure};
use super::logging::{LogFilter, LogFormat};
use crate::api::{TrustedProxies, check_host};
use crate::chain::Checkpoints;
use crate::p2p::{MAX_MAX_MESSAGE, P2pConfig};
pub(super) use keys::{key_variables, template, text_variables};
use layer::Layer;

use super::listen::Listen;

/// Name of the settings file in a data directory.
pub(super) const CONFIG_FILE: &str = "jenny.toml";

/// Where the API listens unless told otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3000);

/// Most requests that may be allowed to wait for the miner. Each holds its records: at most
/// 1 MiB on the built-in chains, so 1 GiB in all.
const MAX_MINE_QUEUE: usize = 1_024;

/// Most threads that may be asked to mine.
const MAX_MINE_THREADS: usize = 1_024;

/// Longest deadline of a request to mine: a day.
const MAX_MINE_DEADLINE: Duration = Duration::from_secs(86_400);

/// Smallest limit of a message between peers: one block, escaped, fits.
const MIN_MESSAGE_BYTES: u64 = 8 << 20;

/// Most links to peers that may be asked for.
const MAX_DIALLED: usize = 256;

/// Most links from peers that may be allowed, about 100 KiB each.
const MAX_ACCEPTED: usize = 1_024;

/// Smallest page cache that the store takes.
const MIN_CACHE_BYTES: u64 = 1 << 20;

/// Largest page cache: 1 TiB, to catch a wrong unit.
const MAX_CACHE_BYTES: u64 = 1 << 40;

/// What the node runs with, after all layers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    /// The chain that the directory holds or gets: `jenny`, `dev` or the name of a file.
    pub(super) chain: Option<String>,
    /// Address of the API.
    pub(super) listen: SocketAddr,
    /// Host names by which the API may be addressed, beside IP literals and `localhost`.
    pub(super) hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub(super) trusted_proxies: TrustedProxies,
    /// Whether the default credentials may count.
    pub(super) default_user: bool,
    /// The peers' file.
    pub(super) peers: PathBuf,
    /// Whether a missing peers' file is an error: it was asked for by name.
    pub(super) peers_required: bool,
    /// Address for peers, `None` if nothing names one: see [`super::peers::listen`].
    pub(super) p2p_listen: Option<Listen>,
    /// Whether the binary dialect is spoken with peers.
    pub(super) p2p_binary: bool,
    /// Longest message in JSON between peers, in bytes.
    pub(super) p2p_max_message: u64,
    /// Links to peers that are dialled.
    pub(super) p2p_max_dialled: usize,
    /// Links that peers may open.
    pub(super) p2p_max_accepted: usize,
    /// Of these, links of one network.
    pub(super) p2p_max_per_prefix: usize,
    /// What is logged.
    pub(super) log_level: LogFilter,
    /// How log lines are written.
    pub(super) log_format: LogFormat,
    /// Requests that may wait to be mined.
    pub(super) mine_queue: usize,
    /// How long a request may take to be mined.
    pub(super) mine_deadline: Duration,
    /// Threads that search for a nonce, `None` for all cores.
    pub(super) mine_threads: Option<usize>,
    /// Bytes of page cache.
    pub(super) cache_bytes: u64,
    /// Bytes that stay free on the file system.
    pub(super) min_free_bytes: u64,
    /// Blocks that the chain must contain.
    pub(super) checkpoints: Checkpoints,
    /// Most blocks that a reorg may disconnect without the operator, `None` for any number.
    pub(super) max_reorg_depth: Option<u64>,
}

impl Settings {
    /// Reads the settings file and puts the layers together. `env` looks a variable up; those
    /// that have a flag came with `args`.
    pub(super) fn load(args: &RunArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let data_dir = &args.data_dir.path;
        let from_file = Layer::read(data_dir, args.config.as_deref())?;
        let layer = Layer::flags(args).over(Layer::env(env)?).over(from_file);
        Self::from_layer(layer, data_dir)
    }

    /// Fills in the defaults and checks the bounds.
    fn from_layer(layer: Layer, data_dir: &Path) -> Result<Self> {
        let peers_required = layer.peers.is_some();
        let threads = layer.mine.threads.unwrap_or(0);
        let p2p = P2pConfig::default();
        let settings = Self {
            chain: layer.chain,
            listen: listen_on(layer.api.listen, DEFAULT_LISTEN),
            hosts: hosts(layer.api.hosts.unwrap_or_default())?,
            trusted_proxies: TrustedProxies::parse(&layer.api.trusted_proxies.unwrap_or_default())
                .map_err(|error| {
                    Failure::usage(format!("the setting `api.trusted_proxies`: {error}"))
                })?,
            default_user: layer.api.default_user.unwrap_or(true),
            p2p_listen: layer.p2p.listen,
            p2p_binary: layer.p2p.native.unwrap_or(p2p.binary),
            p2p_max_message: layer.p2p.max_message.map_or(64 << 20, size::ByteSize::get),
            p2p_max_dialled: layer.p2p.max_dialled.unwrap_or(p2p.max_dialled),
            p2p_max_accepted: layer.p2p.max_accepted.unwrap_or(p2p.max_accepted),
            p2p_max_per_prefix: layer.p2p.max_per_prefix.unwrap_or(p2p.max_per_prefix),
            peers: layer.peers.unwrap_or_else(|| beside(data_dir).join("peers.json")),
            peers_required,
            log_level: layer.log.level.unwrap_or_else(LogFilter::info),
            log_format: layer.log.format.unwrap_or_default(),
            mine_queue: layer.mine.queue.unwrap_or(64),
            mine_deadline: layer.mine.deadline.unwrap_or(Duration::from_secs(60)),
            mine_threads: (threads > 0).then_some(threads),
            cache_bytes: layer.store.cache.map_or(32 << 20, size::ByteSize::get),
            min_free_bytes: layer.store.min_free.map_or(1 << 30, size::ByteSize::get),
            checkpoints: layer::checkpoints(layer.checkpoints.unwrap_or_default())?,
            max_reorg_depth: layer.max_reorg_depth.filter(|depth| *depth > 0),
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<()> {
        let bound = |holds: bool, key: &str, allowed: &str| {
            let message = format!("the setting `{key}` must be {allowed}");
            if holds { Ok(()) } else { Err(Failure::new(Code::Usage, message)) }
        };
        bound((1..=MAX_MINE_QUEUE).contains(&self.mine_queue), "mine.queue", "1 to 1024")?;
        let deadline = Duration::from_millis(1)..=MAX_MINE_DEADLINE;
        bound(deadline.contains(&self.mine_deadline), "mine.deadline", "1ms to 24h")?;
        let threads = self.mine_threads.unwrap_or(1);
        bound(threads <= MAX_MINE_THREADS, "mine.threads", "0 (all cores) to 1024")?;
        let message = MIN_MESSAGE_BYTES..=MAX_MAX_MESSAGE as u64;
        bound(message.contains(&self.p2p_max_message), "p2p.max_message", "8MiB to 128MiB")?;
        bound(self.p2p_max_dialled <= MAX_DIALLED, "p2p.max_dialled", "0 to 256")?;
        bound(self.p2p_max_accepted <= MAX_ACCEPTED, "p2p.max_accepted", "0 to 1024")?;
        let cache = MIN_CACHE_BYTES..=MAX_CACHE_BYTES;
        bound(cache.contains(&self.cache_bytes), "store.cache", "1MiB to 1024GiB")?;
        Ok(())
    }
}

/// The host names, each of which a request may name.
fn hosts(names: Vec<String>) -> Result<Vec<String>> {
    for name in &names {
        check_host(name)
            .map_err(|error| Failure::usage(format!("the setting `api.hosts`: {error}")))?;
    }
    Ok(names)
}

/// Where to listen: a port alone is one on the default address.
fn listen_on(wanted: Option<Listen>, default: SocketAddr) -> SocketAddr {
    wanted.map_or(default, |wanted| wanted.on(default.ip()))
}

/// The blocks that the settings file pins, for commands that read no other setting.
pub(super) fn checkpoints(data_dir: &Path, config: Option<&Path>) -> Result<Checkpoints> {
    let layer = Layer::read(data_dir, config)?;
    layer::checkpoints(layer.checkpoints.unwrap_or_default())
}

/// The chain that the settings file of a data directory names.
pub(super) fn chain_key(data_dir: &Path) -> Result<Option<String>> {
    Ok(Layer::read(data_dir, None)?.chain)
}

/// The directory that a file is in.
fn parent_of(file: &Path) -> &Path {
    match file.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    }
}

/// The directory that the data directory is in, by its name: a link is not followed.
fn beside(data_dir: &Path) -> PathBuf {
    if data_dir.file_name().is_some() {
        parent_of(data_dir).to_owned()
    } else {
        data_dir.join("..")
    }
}

#[cfg(test)]
mod tests;
