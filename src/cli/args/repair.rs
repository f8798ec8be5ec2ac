//! The command line of `jenny repair`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::DataDir;
use crate::chain::Hash;

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true).args(["accept_fork", "into"]))]
pub(in crate::cli) struct RepairArgs {
    #[command(flatten)]
    pub(in crate::cli) data_dir: DataDir,
    /// Accepts the branch whose first block has this hash, however many blocks it disconnects
    #[arg(long, value_name = "HASH")]
    pub(in crate::cli) accept_fork: Option<Hash>,
    /// Salvages what still checks of a damaged database into the new directory DIR
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) into: Option<PathBuf>,
    /// The chain of a database that has lost its chain spec: `jenny`, `dev` or a chain spec FILE
    #[arg(long, value_name = "CHAIN", conflicts_with = "accept_fork")]
    pub(in crate::cli) chain: Option<String>,
    /// Prints the result of --into as one line of JSON
    #[arg(long, conflicts_with = "accept_fork")]
    pub(in crate::cli) json: bool,
}
