//! The command line of `jenny repair`.

use clap::Args;

use super::DataDir;
use crate::chain::Hash;

#[derive(Args, Debug)]
pub(in crate::cli) struct RepairArgs {
    #[command(flatten)]
    pub(in crate::cli) data_dir: DataDir,
    /// Accepts the branch whose first block has this hash, however many blocks it disconnects
    #[arg(long, value_name = "HASH")]
    pub(in crate::cli) accept_fork: Hash,
}
