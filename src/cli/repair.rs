//! `jenny repair`: what an operator decides about a stopped node's database, and what is salvaged of
//! a damaged one.

mod folder;
mod into;
mod report;

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::args::{DEFAULT_URL, RepairArgs};
use super::exit::{Code, Failure};
use super::{api_address, offline, signal};
use crate::chain::{Hash, Timestamp};
use crate::store::StoreError;

/// Runs the command.
pub(super) fn run(args: &RepairArgs) -> Result<()> {
    match (&args.into, &args.accept_fork) {
        (Some(into), _) => into::run(args, into),
        (None, Some(fork)) => accept(&args.data_dir.path, *fork),
        (None, None) => Err(Failure::usage("--into or --accept-fork says what to do").into()),
    }
}

/// Accepts a deep fork.
fn accept(dir: &Path, fork: Hash) -> Result<()> {
    let _unfinished = signal::exit_at_once()?;
    let mut opened = offline::open_any(dir).map_err(|error| in_use(dir, error, fork))?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    opened.writer.accept_fork(&fork, Timestamp::from_millis(millis))?;
    super::print(&format!(
        "accepted: the branch that begins with block\n{fork}\nThe node imports it after its next start, once a peer has it."
    ))
}

/// A running node accepts the branch itself.
fn in_use(dir: &Path, error: StoreError, fork: Hash) -> anyhow::Error {
    if !matches!(error, StoreError::Locked { .. }) {
        return error.into();
    }
    let url = api_address::of_holder(dir, &error).unwrap_or_else(|| DEFAULT_URL.to_owned());
    Failure::new(Code::Locked, error.to_string())
        .hint(format!(
            "a running node takes POST {url}/v1/forks/{fork}/accept as an operator; or stop it \
             first, and run this again"
        ))
        .into()
}
