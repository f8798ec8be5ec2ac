//! The node's settings: defaults < jenny.toml < environment < flags.

mod keys;
mod layer;
mod origin;
mod size;
mod tls;
mod wording;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::args::RunArgs;
use super::exit::{Code, Failure};
use super::logging::{LogFilter, LogFormat};
use crate::api::{ApiConfig, CorsOrigins, TrustedProxies, check_host};
use crate::chain::Checkpoints;
use crate::node::NodeConfig;
use crate::p2p::{AllowList, MAX_MAX_MESSAGE, P2pConfig};
use crate::store::Options;
use crate::tls::TlsFiles;
pub(super) use keys::{key_variables, template, text_variables};
use layer::Layer;
pub(super) use layer::settings_file;
pub(super) use origin::{Entry, Origin, entries};
use size::ByteSize;

use super::listen::Listen;
use super::users::{USERS_FILE, UsersFile};

/// Name of the settings file in a data directory.
pub(super) const CONFIG_FILE: &str = "jenny.toml";

/// Most requests that may be allowed to wait for the miner. Each holds its records: at most
/// 1 MiB on the built-in chains, so 1 GiB in all.
const MAX_MINE_QUEUE: usize = 1_024;

/// Most threads that may be asked to mine.
const MAX_MINE_THREADS: usize = 1_024;

/// Longest deadline of a request to mine: a day.
const MAX_MINE_DEADLINE: Duration = Duration::from_secs(86_400);

/// Longest wait of a pending record for others: a day.
const MAX_MINE_INTERVAL: Duration = Duration::from_secs(86_400);

/// Longest time that a relayed record is left to others: a day.
const MAX_RELAYED_DELAY: Duration = Duration::from_secs(86_400);

/// Most blocks without records on top of one with records.
const MAX_SEAL_BLOCKS: u64 = 6;

/// Smallest limit of a message between peers: one block, escaped, fits.
const MIN_MESSAGE_BYTES: usize = 8 << 20;

/// Most links to peers that may be asked for.
const MAX_DIALLED: usize = 256;

/// Most links from peers that may be allowed, about 100 KiB each.
const MAX_MAX_ACCEPTED: usize = 1_024;

/// Smallest page cache that the store takes.
const MIN_CACHE_BYTES: u64 = 1 << 20;

/// Largest page cache: 1 TiB, to catch a wrong unit.
const MAX_CACHE_BYTES: u64 = 1 << 40;

/// What the node runs with, after all layers.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The chain that the directory holds or gets: `jenny`, `dev` or the name of a file.
    pub(super) chain: Option<String>,
    /// The API, but for its users and its certificate.
    pub(super) api: ApiConfig,
    /// The users' file, and whether a setting names it.
    pub(super) users_file: PathBuf,
    users_named: bool,
    /// The files of the API's certificate.
    pub(super) api_tls: Option<TlsFiles>,
    /// Address for peers, `None` if nothing names one: see [`super::peers::listen`].
    pub(super) p2p_listen: Option<Listen>,
    /// The peer network, but for that address, the peers and the certificate.
    pub(super) p2p: P2pConfig,
    /// The files of the certificate that peers are shown.
    pub(super) p2p_tls: Option<TlsFiles>,
    /// What is logged.
    pub(super) log_level: LogFilter,
    /// How log lines are written.
    pub(super) log_format: LogFormat,
    /// The node.
    pub(super) node: NodeConfig,
    /// The store, but for the chain.
    pub(super) store: Options,
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
        let bytes = |size: ByteSize| usize::try_from(size.get()).unwrap_or(usize::MAX);
        let threads = layer.mining.threads.unwrap_or(0);
        bound(threads <= MAX_MINE_THREADS, "mining.threads", "0 (all cores) to 1024")?;
        let proxies = TrustedProxies::parse(&layer.api.trusted_proxies.unwrap_or_default());
        let origins = CorsOrigins::parse(&layer.api.cors_origins.unwrap_or_default());
        let checkpoints = layer::checkpoints(layer.checkpoints.unwrap_or_default())?;
        let (api_tls, p2p_tls) = (layer.api.tls.files()?, layer.p2p.tls.files()?);
        let plain = |text: Option<String>, of: &str, tls: &Option<TlsFiles>| {
            plain_listen(&text.unwrap_or_default(), of, tls.is_some())
        };
        let require_tls = layer.p2p.require_tls.unwrap_or(false);
        if require_tls && p2p_tls.is_none() {
            return Err(Failure::usage("the setting `p2p.require_tls` needs `p2p.tls`")
                .hint("`jenny cert issue` makes a certificate and prints its settings")
                .into());
        }
        let allow = AllowList::parse(&layer.p2p.allow.unwrap_or_default());
        let (api, p2p) = (ApiConfig::default(), P2pConfig::default());
        let (node, store) = (NodeConfig::default(), Options::default());
        let settings = Self {
            chain: layer.chain,
            api: ApiConfig {
                listen: listen_on(layer.api.listen, api.listen),
                hosts: hosts(layer.api.hosts.unwrap_or_default())?,
                trusted_proxies: proxies.map_err(|error| {
                    Failure::usage(format!("the setting `api.trusted_proxies`: {error}"))
                })?,
                cors_origins: origins.map_err(|error| {
                    Failure::usage(format!("the setting `api.cors_origins`: {error}"))
                })?,
                default_user: layer.api.default_user.unwrap_or(api.default_user),
                plain_listen: plain(layer.api.plain_listen, "api", &api_tls)?,
                peers_required: layer.peers.is_some(),
                peers_file: layer.peers.unwrap_or_else(|| beside(data_dir).join("peers.json")),
                ..api
            },
            users_named: layer.api.users_file.is_some(),
            users_file: layer.api.users_file.unwrap_or_else(|| data_dir.join(USERS_FILE)),
            api_tls,
            p2p_listen: layer.p2p.listen,
            p2p: P2pConfig {
                plain_listen: plain(layer.p2p.plain_listen, "p2p", &p2p_tls)?,
                require_tls,
                allow: allow
                    .map_err(|error| Failure::usage(format!("the setting `p2p.allow`: {error}")))?,
                binary: layer.p2p.native.unwrap_or(p2p.binary),
                relay: layer.records.relay.unwrap_or(p2p.relay),
                max_message: layer.p2p.max_message.map_or(p2p.max_message, bytes),
                max_dialled: layer.p2p.max_dialled.unwrap_or(p2p.max_dialled),
                max_accepted: layer.p2p.max_accepted.unwrap_or(p2p.max_accepted),
                max_per_prefix: layer.p2p.max_per_prefix.unwrap_or(p2p.max_per_prefix),
                ..p2p
            },
            p2p_tls,
            log_level: layer.log.level.unwrap_or_else(LogFilter::info),
            log_format: layer.log.format.unwrap_or_default(),
            node: NodeConfig {
                mines_pool: layer.mining.enabled.unwrap_or(node.mines_pool),
                mine_interval: layer.mining.interval,
                relayed_delay: layer.mining.relayed_delay,
                seal_blocks: layer.mining.seal_blocks.unwrap_or(node.seal_blocks),
                mine_queue: layer.mining.queue.unwrap_or(node.mine_queue),
                mine_deadline: layer.mining.deadline.unwrap_or(node.mine_deadline),
                miner_threads: if threads > 0 { threads } else { node.miner_threads },
                checkpoints: checkpoints.clone(),
                ..node
            },
            store: Options {
                cache_bytes: layer.store.cache.map_or(store.cache_bytes, ByteSize::get),
                min_free_bytes: layer.store.min_free.map_or(store.min_free_bytes, ByteSize::get),
                max_reorg_depth: layer.max_reorg_depth.filter(|depth| *depth > 0),
                checkpoints,
                ..store
            },
        };
        settings.check()?;
        Ok(settings)
    }

    /// The users' file of a data directory.
    ///
    /// # Errors
    /// When a setting names one that does not exist.
    pub(super) fn users_file(&self, data_dir: &Path) -> Result<UsersFile> {
        let file = UsersFile::named(data_dir, self.users_file.clone());
        if self.users_named && std::fs::symlink_metadata(file.path()).is_err() {
            let name = file.path().display();
            let message =
                format!("the users file {name}, which `api.users_file` names, does not exist");
            return Err(Failure::usage(message).hint(file.advice()).into());
        }
        Ok(file)
    }

    fn check(&self) -> Result<()> {
        let Self { node, p2p, .. } = self;
        bound((1..=MAX_MINE_QUEUE).contains(&node.mine_queue), "mining.queue", "1 to 1024")?;
        let deadline = Duration::from_millis(1)..=MAX_MINE_DEADLINE;
        bound(deadline.contains(&node.mine_deadline), "mining.deadline", "1ms to 24h")?;
        let interval = node.mine_interval.unwrap_or_default();
        bound(interval <= MAX_MINE_INTERVAL, "mining.interval", "0s to 24h")?;
        let delay = node.relayed_delay.unwrap_or_default();
        bound(delay <= MAX_RELAYED_DELAY, "mining.relayed_delay", "0s to 24h")?;
        bound(node.seal_blocks <= MAX_SEAL_BLOCKS, "mining.seal_blocks", "0 to 6")?;
        let message = MIN_MESSAGE_BYTES..=MAX_MAX_MESSAGE;
        bound(message.contains(&p2p.max_message), "p2p.max_message", "8MiB to 128MiB")?;
        bound(p2p.max_dialled <= MAX_DIALLED, "p2p.max_dialled", "0 to 256")?;
        bound(p2p.max_accepted <= MAX_MAX_ACCEPTED, "p2p.max_accepted", "0 to 1024")?;
        let cache = MIN_CACHE_BYTES..=MAX_CACHE_BYTES;
        bound(cache.contains(&self.store.cache_bytes), "store.cache", "1MiB to 1024GiB")
    }
}

fn bound(holds: bool, key: &str, allowed: &str) -> Result<()> {
    let message = format!("the setting `{key}` must be {allowed}");
    if holds { Ok(()) } else { Err(Failure::new(Code::Usage, message).into()) }
}

/// The host names, each of which a request may name.
fn hosts(names: Vec<String>) -> Result<Vec<String>> {
    for name in &names {
        check_host(name)
            .map_err(|error| Failure::usage(format!("the setting `api.hosts`: {error}")))?;
    }
    Ok(names)
}

/// Where to listen in clear text beside TLS: nowhere if nothing is written.
fn plain_listen(text: &str, of: &str, has_tls: bool) -> Result<Option<SocketAddr>> {
    if text.is_empty() {
        return Ok(None);
    }
    if !has_tls {
        let message = format!("the setting `{of}.plain_listen` needs `{of}.tls`");
        let hint = format!("without a certificate, `{of}.listen` is in clear text");
        return Err(Failure::usage(message).hint(hint).into());
    }
    let listen: Listen = text.parse().map_err(|error| {
        Failure::usage(format!("the setting `{of}.plain_listen`=`{text}`: {error}"))
    })?;
    Ok(Some(listen.on(Ipv4Addr::LOCALHOST.into())))
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

/// How the settings file and the environment say that a database is opened, for commands that read
/// no other setting.
pub(super) fn store(
    data_dir: &Path,
    config: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Options> {
    let layer = Layer::env(env)?.over(Layer::read(data_dir, config)?);
    let settings = Settings::from_layer(layer, data_dir)?;
    Ok(settings.store)
}

/// The users' file that the settings name, or that of the data directory.
pub(super) fn users_file(
    data_dir: &Path,
    config: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<UsersFile> {
    let layer = Layer::env(env)?.over(Layer::read(data_dir, config)?);
    let path = layer.api.users_file.unwrap_or_else(|| data_dir.join(USERS_FILE));
    Ok(UsersFile::named(data_dir, path))
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
