//! `jenny repair`: what an operator decides about a stopped node's database.

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
    let _unfinished = signal::exit_at_once()?;
    let dir = &args.data_dir.path;
    let mut opened =
        offline::open_any(dir).map_err(|error| in_use(dir, error, args.accept_fork))?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    opened.writer.accept_fork(&args.accept_fork, Timestamp::from_millis(millis))?;
    super::print(&format!(
        "accepted: the branch that begins with block\n{}\nThe node imports it after its next start, once a peer has it.",
        args.accept_fork
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
