//! The command line of `jenny events`.

use std::path::PathBuf;

use clap::Args;

use super::NodeArgs;
use crate::chain::Hash;
use crate::cli::event_position::{check_position, check_types};

#[derive(Args, Debug)]
pub(in crate::cli) struct EventsArgs {
    /// Waits for further events and reconnects, until interrupted
    #[arg(long)]
    pub(in crate::cli) follow: bool,
    /// Only these events, separated by commas: block.connected, block.disconnected,
    /// record.included, peer.connected, peer.disconnected, sync.progress [default: all]
    #[arg(long, value_name = "NAMES", value_parser = check_types)]
    pub(in crate::cli) types: Option<String>,
    /// Of the included records only the one with this id; without --types only this one and
    /// disconnected blocks
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) record: Option<Hash>,
    /// First position, an `id` that was printed [default: the tip]
    #[arg(long, value_name = "POSITION", value_parser = check_position)]
    pub(in crate::cli) after: Option<String>,
    /// Continues after the position in FILE, if it exists, and keeps the position there
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) position_file: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) node: NodeArgs,
}
