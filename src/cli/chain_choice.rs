//! Which chain a data directory gets: a built-in one, one of a file, or a new one of one's own.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::args::InitArgs;
use super::config::{CONFIG_FILE, chain_key};
use super::exit::Failure;
use super::new_file::write_new;
use super::text_file;
use crate::chain::{Spec, SpecError, Timestamp};

/// Name of the spec's file in a data directory whose chain is not built in.
pub(super) const SPEC_FILE: &str = "chain.json";

/// Permissions of a spec before the umask: it is no secret.
const SPEC_MODE: u32 = 0o666;

/// Interval of the blocks of a new chain unless told otherwise.
pub(super) const DEFAULT_BLOCK_TIME: Duration = Duration::from_secs(10);

/// Which chain a directory is to get.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum ChainWish {
    /// What the directory's settings say, or `jenny`.
    Unsaid,
    /// A built-in chain, or that of a file.
    Known(String),
    /// A new one with this name and time between blocks.
    New(String, Duration),
}

impl ChainWish {
    /// What the arguments of `init` ask for.
    pub(super) fn of(args: &InitArgs) -> Self {
        match (&args.new_chain, &args.chain) {
            (Some(name), _) => {
                Self::New(name.clone(), args.block_time.unwrap_or(DEFAULT_BLOCK_TIME))
            }
            (None, Some(chain)) => Self::Known(chain.clone()),
            (None, None) => Self::Unsaid,
        }
    }

    /// Whether it is a chain that nobody has yet.
    pub(super) const fn is_new(&self) -> bool {
        matches!(self, Self::New(..))
    }
}

/// The chain that is wished for, `None` if none is named.
pub(super) fn wanted(wish: &ChainWish, now: SystemTime) -> Result<Option<Spec>> {
    match wish {
        ChainWish::Unsaid => Ok(None),
        ChainWish::Known(name) => chain(name).map(Some),
        ChainWish::New(name, block_time) => new_chain(name, *block_time, now).map(Some),
    }
}

/// The chain that an empty directory gets: the wanted one, or else the one that its settings
/// name, or `jenny`. The settings must not name another one than is wanted.
pub(super) fn to_create(dir: &Path, wanted: Option<Spec>) -> Result<Spec> {
    let configured = chain_key(dir)?.as_deref().map(chain).transpose()?;
    match (wanted, configured) {
        (Some(wanted), Some(configured)) if wanted != configured => {
            let file = dir.join(CONFIG_FILE);
            let name = configured.name();
            Err(Failure::usage(format!("{} names another chain, `{name}`", file.display()))
                .hint("correct `chain` there, or remove that line")
                .hint("to create the chain that it names, leave --chain and --new-chain out")
                .into())
        }
        (Some(spec), _) | (None, Some(spec)) => Ok(spec),
        (None, None) => Ok(Spec::jenny()),
    }
}

/// The chain that `--chain` or the key `chain` names.
pub(super) fn chain(name: &str) -> Result<Spec> {
    match name {
        "jenny" => Ok(Spec::jenny()),
        "dev" => Ok(Spec::dev()),
        "" => Err(Failure::usage("the name of the chain is empty")
            .hint("write `jenny`, `dev` or the name of a file, or leave `chain` or JENNY_CHAIN out")
            .into()),
        file => {
            let text = text_file::read(Path::new(file)).map_err(|error| {
                Failure::usage(format!("the chain spec {file} cannot be read"))
                    .because(error)
                    .hint("a chain is `jenny`, `dev` or the name of a file")
            })?;
            Spec::parse(&text).map_err(|error| Failure::usage(format!("{file}: {error}")).into())
        }
    }
}

/// A chain that nobody else has: its genesis block is of this millisecond.
fn new_chain(name: &str, block_time: Duration, now: SystemTime) -> Result<Spec> {
    if [Spec::jenny(), Spec::dev()].iter().any(|known| known.name() == name) {
        return Err(Failure::usage(format!("`{name}` is the name of a built-in chain"))
            .hint("choose another name, or use that chain with --chain")
            .into());
    }
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let genesis = Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    let millis = u64::try_from(block_time.as_millis()).unwrap_or(u64::MAX);
    Spec::own(name, genesis, millis).map_err(|error| {
        let message = match error {
            SpecError::Range { field: "name", .. } => format!(
                "`{name}` is not a valid chain name: it has 1 to 32 of the characters a-z, 0-9 and `-`, \
                 the first of which is no `-`"
            ),
            SpecError::Range { field: "target_block_time_ms", .. } => {
                "--block-time must be 1ms to 24h".to_owned()
            }
            other => other.to_string(),
        };
        Failure::usage(message).into()
    })
}

/// What the settings file says of a chain: its name, or the file that has its spec.
pub(super) fn key_of(spec: &Spec) -> &'static str {
    if *spec == Spec::jenny() {
        "jenny"
    } else if *spec == Spec::dev() {
        "dev"
    } else {
        SPEC_FILE
    }
}

/// Writes the spec of a chain that is not built in into the data directory, which so holds all
/// that makes its chain. Returns a line for people. `made` is called with a file that is new.
pub(super) fn keep_spec(
    dir: &Path,
    spec: &Spec,
    made: &mut dyn FnMut(&Path),
) -> Result<Option<String>> {
    if key_of(spec) != SPEC_FILE {
        return Ok(None);
    }
    let file = dir.join(SPEC_FILE);
    if file.exists() {
        let name = file.display();
        let kept = chain(&file.to_string_lossy())?;
        if kept == *spec {
            return Ok(None);
        }
        return Err(Failure::usage(format!(
            "{name} is the spec of another chain, `{}`",
            kept.name()
        ))
        .hint(format!(
            "if an unfinished `jenny init` left it, `jenny init --chain {name}` creates that \
                 chain; otherwise remove it"
        ))
        .into());
    }
    write_spec(&file, spec, made).map(Some)
}

/// Writes the spec into the file of `--spec-out`, which may be in the data directory that is being
/// made. Returns a line for people. `made` is called with a file that is new.
pub(super) fn write_spec_out(
    spec: &Spec,
    file: &Path,
    made: &mut dyn FnMut(&Path),
) -> Result<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(Failure::usage(format!("the directory of {} does not exist", file.display()))
            .hint("create the directory first, or name another file with --spec-out")
            .into());
    }
    write_spec(file, spec, made)
}

/// Writes a spec into a file that must not be there yet. Returns a line for people.
fn write_spec(file: &Path, spec: &Spec, made: &mut dyn FnMut(&Path)) -> Result<String> {
    let text = spec.canonical_text() + "\n";
    write_new(file, &text, SPEC_MODE)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    made(file);
    Ok(format!("created {} for the other nodes to join with", file.display()))
}

/// The file of `--spec-out`, which must not be there yet.
pub(super) fn check_spec_out(args: &InitArgs) -> Result<Option<PathBuf>> {
    match &args.spec_out {
        Some(file) if file.exists() => {
            Err(Failure::usage(format!("{} already exists", file.display()))
                .hint("name another file with --spec-out, or remove it first")
                .into())
        }
        file => Ok(file.clone()),
    }
}

#[cfg(test)]
mod tests;
