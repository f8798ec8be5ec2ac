//! The command lines of `jenny export` and `jenny import`.

use std::path::PathBuf;

use clap::Args;

use super::{DataDir, RemoteArgs};

#[derive(Args, Debug)]
pub(in crate::cli) struct ExportArgs {
    #[command(flatten)]
    pub(in crate::cli) data_dir: DataDir,
    /// Writes to FILE, which appears only once it is complete; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::cli) output: PathBuf,
    /// First height [default: 0]
    #[arg(long, value_name = "HEIGHT")]
    pub(in crate::cli) from: Option<u64>,
    /// Last height; a height above the tip means the tip [default: the tip]
    #[arg(long, value_name = "HEIGHT")]
    pub(in crate::cli) to: Option<u64>,
    /// Leaves out the own records that wait for a block, and the marks of own records
    #[arg(long)]
    pub(in crate::cli) no_pool: bool,
    #[command(flatten)]
    pub(in crate::cli) remote: RemoteArgs,
    /// Exports from the running node at URL over REST instead of a database
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) url: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ImportArgs {
    /// The chain file; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) data_dir: DataDir,
    /// Leaves out the own records that wait for a block, and the marks of own records
    #[arg(long)]
    pub(in crate::cli) no_pool: bool,
    /// Settings file with the checkpoints and limits of the store [default: jenny.toml in the data
    /// directory, if it exists]
    #[arg(long, value_name = "FILE", env = "JENNY_CONFIG")]
    pub(in crate::cli) config: Option<PathBuf>,
}
