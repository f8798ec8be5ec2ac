//! The flags of `jenny init`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{DataDir, Role};

#[derive(Args, Debug)]
pub(in crate::cli) struct InitArgs {
    #[command(flatten)]
    pub(in crate::cli) data_dir: DataDir,
    /// `jenny`, `dev` or a chain spec FILE [default: jenny]
    #[arg(long, value_name = "CHAIN", env = "JENNY_CHAIN")]
    pub(in crate::cli) chain: Option<String>,
    /// Creates your own chain with this name and a unique genesis block
    #[arg(long, value_name = "NAME", conflicts_with = "chain")]
    pub(in crate::cli) new_chain: Option<String>,
    /// Time between blocks that the new chain's difficulty aims at [default: 10s]
    #[arg(long, value_name = "TIME", requires = "new_chain", value_parser = humantime::parse_duration)]
    pub(in crate::cli) block_time: Option<Duration>,
    /// Also writes the new chain's spec to FILE, for `jenny init --chain FILE` on other nodes
    #[arg(long, value_name = "FILE", requires = "new_chain")]
    pub(in crate::cli) spec_out: Option<PathBuf>,
    /// Adds a user of the REST API to users.toml, even if the directory already holds a chain
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) user: Option<String>,
    /// File with that user's password, whose final line break is not part of it; `-` is standard
    /// input [default: a question at the terminal]
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(in crate::cli) password_file: Option<PathBuf>,
    /// What that user is allowed to do
    #[arg(long, value_name = "ROLE", requires = "user", default_value = "operator")]
    pub(in crate::cli) role: Role,
    /// Asks nothing at a terminal: what no flag names gets its default, and no user is added
    #[arg(long)]
    pub(in crate::cli) defaults: bool,
}
