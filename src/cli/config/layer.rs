//! One layer of settings: what a file, the environment or the flags say, and no more.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;

use super::keys::{KEYS, Key, Kind, similar};
use super::size::ByteSize;
use super::wording::in_words;
use super::{CONFIG_FILE, parent_of};
use crate::chain::{Checkpoints, Hash, Height};
use crate::cli::args::RunArgs;
use crate::cli::exit::Failure;
use crate::cli::listen::Listen;
use crate::cli::logging::{LogFilter, LogFormat};
use crate::cli::text_file;
use crate::p2p::RelayPolicy;

/// What one source says; also the shape of jenny.toml.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Layer {
    pub(super) chain: Option<String>,
    pub(super) api: Api,
    pub(super) p2p: P2p,
    pub(super) peers: Option<PathBuf>,
    pub(super) log: Log,
    pub(super) mining: Mining,
    pub(super) records: Records,
    pub(super) store: Store,
    pub(super) checkpoints: Option<Vec<Checkpoint>>,
    pub(super) max_reorg_depth: Option<u64>,
}

macro_rules! tables {
    ($($table:ident {
        $($(#[$read:meta])? $key:ident: $value:ty,)* $(; $inner:ident: $inner_table:ty)?
    })*) => {$(
        #[derive(Debug, Default, Deserialize, PartialEq)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct $table {
            $($(#[$read])? pub(super) $key: Option<$value>,)*
            $(pub(super) $inner: $inner_table,)?
        }

        impl $table {
            /// This table, and `below` where this says nothing.
            fn over(self, below: Self) -> Self {
                Self {
                    $($key: self.$key.or(below.$key),)*
                    $($inner: self.$inner.over(below.$inner),)?
                }
            }
        }
    )*};
}

tables! {
    Api {
        listen: Listen,
        hosts: Vec<String>,
        trusted_proxies: Vec<String>,
        cors_origins: Vec<String>,
        default_user: bool,
        users_file: PathBuf,
        plain_listen: String,
        ; tls: ApiTls
    }
    ApiTls { cert: PathBuf, key: PathBuf, }
    P2p {
        listen: Listen,
        native: bool,
        max_message: ByteSize,
        max_dialled: usize,
        max_accepted: usize,
        max_per_prefix: usize,
        allow: Vec<String>,
        require_tls: bool,
        plain_listen: String,
        ; tls: P2pTls
    }
    P2pTls { cert: PathBuf, key: PathBuf, ca: PathBuf, }
    Log { level: LogFilter, format: LogFormat, }
    Mining {
        enabled: bool,
        #[serde(with = "humantime_serde")]
        interval: Duration,
        #[serde(with = "humantime_serde")]
        relayed_delay: Duration,
        seal_blocks: u64,
        queue: usize,
        #[serde(with = "humantime_serde")]
        deadline: Duration,
        threads: usize,
    }
    Records { relay: RelayPolicy, }
    Store { cache: ByteSize, min_free: ByteSize, }
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    height: u64,
    hash: String,
}

impl Layer {
    /// The settings file of a data directory, or the one that was named. Only the latter must
    /// be there.
    pub(super) fn read(data_dir: &Path, named: Option<&Path>) -> Result<Self> {
        let file = settings_file(data_dir, named);
        match settings_text(&file, named.is_some())? {
            Some(text) => Ok(Self::parse(&text, &file)?.relative_to(parent_of(&file))),
            None => Ok(Self::default()),
        }
    }

    /// Reads the text of a settings file.
    pub(super) fn parse(text: &str, file: &Path) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let shown = error.to_string();
            let shown = match shown.trim_end().strip_suffix(error.message()) {
                Some(place) => format!("{place}{}", in_words(error.message())),
                None => shown.trim_end().to_owned(),
            };
            let failure = Failure::usage(format!("{}: {shown}", file.display()));
            let failure = match wrong_key(text) {
                Some(key) => {
                    failure.hint(format!("write it as in `{} = {}`", key.path, key.example()))
                }
                None => failure,
            };
            let failure = match unknown_key(text) {
                Some((unknown, Some(known))) => {
                    failure.hint(format!("`{unknown}` is unknown; did you mean `{known}`?"))
                }
                Some((unknown, None)) => failure.hint(format!(
                    "`{unknown}` is unknown; `jenny init` writes a file with every key"
                )),
                None => failure,
            };
            failure.into()
        })
    }

    /// Paths in a file start at its directory.
    pub(super) fn relative_to(mut self, dir: &Path) -> Self {
        self.peers = self.peers.map(|path| dir.join(path));
        self.api.users_file = self.api.users_file.map(|path| dir.join(path));
        let (api, p2p) = (&mut self.api.tls, &mut self.p2p.tls);
        let of_tls = [&mut api.cert, &mut api.key, &mut p2p.cert, &mut p2p.key, &mut p2p.ca];
        for path in of_tls.into_iter().flatten().filter(|path| !path.as_os_str().is_empty()) {
            *path = dir.join(&*path);
        }
        self.chain = self.chain.map(|chain| match chain.as_str() {
            "jenny" | "dev" | "" => chain,
            file => dir.join(file).to_string_lossy().into_owned(),
        });
        self
    }

    /// What the environment says of keys that have no flag.
    pub(super) fn env(env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let mut layer = Self::default();
        for key in KEYS {
            let Some((name, kind, value)) = key.variable(env) else { continue };
            let text = format!("{} = {}", key.path, as_toml(&value, kind));
            let one: Self = toml::from_str(&text).map_err(|error| {
                Failure::usage(format!("{name}=`{value}`: {}", in_words(error.message())))
                    .hint(format!("it sets `{}`, for example {}", key.path, key.default))
            })?;
            layer = one.over(layer);
        }
        Ok(layer)
    }

    /// What the flags say, with the environment variables that clap read for them.
    pub(super) fn flags(args: &RunArgs) -> Self {
        Self {
            chain: args.chain.clone(),
            api: Api { listen: args.api_listen, ..Api::default() },
            p2p: P2p { listen: args.p2p_listen, ..P2p::default() },
            peers: args.peers.clone(),
            log: Log { level: args.log_level.clone(), format: args.log_format },
            mining: Mining { enabled: args.no_mine.then_some(false), ..Mining::default() },
            ..Self::default()
        }
    }

    /// This layer, and `below` where this says nothing.
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            chain: self.chain.or(below.chain),
            api: self.api.over(below.api),
            p2p: self.p2p.over(below.p2p),
            peers: self.peers.or(below.peers),
            log: self.log.over(below.log),
            mining: self.mining.over(below.mining),
            records: self.records.over(below.records),
            store: self.store.over(below.store),
            checkpoints: self.checkpoints.or(below.checkpoints),
            max_reorg_depth: self.max_reorg_depth.or(below.max_reorg_depth),
        }
    }
}

/// The pinned blocks; a height that is pinned twice is an error.
pub(super) fn checkpoints(entries: Vec<Checkpoint>) -> Result<Checkpoints> {
    let mut pinned = Vec::new();
    for entry in entries {
        let hash: Hash = entry.hash.parse().map_err(|error| {
            Failure::usage(format!("the checkpoint at height {}: {error}", entry.height))
        })?;
        let height = Height::new(entry.height);
        if pinned.iter().any(|&(other, _)| other == height) {
            return Err(Failure::usage(format!("two checkpoints at height {height}")).into());
        }
        pinned.push((height, hash));
    }
    Ok(pinned.into_iter().collect())
}

/// The settings file of a data directory, or the one that was named.
pub(in crate::cli) fn settings_file(data_dir: &Path, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| data_dir.join(CONFIG_FILE), Path::to_owned)
}

/// The text of a settings file, `None` if it is not there and need not be.
pub(super) fn settings_text(file: &Path, is_named: bool) -> Result<Option<String>> {
    match text_file::read(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound && !is_named => Ok(None),
        Err(error) => {
            let message = format!("the settings file {} cannot be read", file.display());
            Err(Failure::usage(message).because(error).into())
        }
    }
}

/// A variable's value, as TOML.
pub(super) fn as_toml(value: &str, kind: Kind) -> String {
    let text = |part: &str| toml::Value::String(part.to_owned());
    match kind {
        Kind::Number if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() => {
            value.to_owned()
        }
        Kind::Flag if ["true", "false"].contains(&value) => value.to_owned(),
        // A number that is none is left to the reader of the key, who says what it expects.
        Kind::Number | Kind::Flag | Kind::Text => text(value).to_string(),
        Kind::List => {
            let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
            toml::Value::Array(parts.map(text).collect()).to_string()
        }
    }
}

/// The first key of the file whose value does not fit it.
fn wrong_key(text: &str) -> Option<&'static Key> {
    let table: toml::Table = text.parse().ok()?;
    KEYS.iter().find(|key| {
        let mut parts = key.path.split('.');
        let value = parts.next().and_then(|first| table.get(first));
        let value = parts.fold(value, |value, part| value?.get(part));
        let reads = |value| toml::from_str::<Layer>(&format!("{} = {value}", key.path)).is_ok();
        value.is_some_and(|value| !reads(value))
    })
}

/// The first key of the file that does not exist, and the one that was probably meant.
fn unknown_key(text: &str) -> Option<(String, Option<&'static str>)> {
    let table: toml::Table = text.parse().ok()?;
    paths(&table)
        .into_iter()
        .find(|path| KEYS.iter().all(|key| key.path != path))
        .map(|path| (path.clone(), similar(&path)))
}

/// The dotted paths of a table's values, of empty tables, and of unknown tables.
fn paths(table: &toml::Table) -> Vec<String> {
    let is_table = |name: &str| KEYS.iter().any(|key| key.path.starts_with(&format!("{name}.")));
    let mut paths = Vec::new();
    let mut left: Vec<_> = table.iter().rev().map(|(name, value)| (name.clone(), value)).collect();
    while let Some((path, value)) = left.pop() {
        match value {
            toml::Value::Table(inner) if is_table(&path) => {
                left.extend(
                    inner.iter().rev().map(|(name, value)| (format!("{path}.{name}"), value)),
                );
            }
            _ => paths.push(path),
        }
    }
    paths
}
