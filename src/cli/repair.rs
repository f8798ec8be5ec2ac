//! `jenny repair`: what an operator decides about a stopped node's database.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::args::RepairArgs;
use super::{offline, signal};
use crate::chain::Timestamp;

/// Runs the command.
pub(super) fn run(args: &RepairArgs) -> Result<()> {
    let _unfinished = signal::exit_at_once()?;
    let mut opened = offline::open_any(&args.data_dir.path)?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    opened.writer.accept_fork(&args.accept_fork, Timestamp::from_millis(millis))?;
    super::print(&format!(
        "accepted: the branch that begins with block\n{}\nThe node takes it when it runs and a peer has it.",
        args.accept_fork
    ))
}
