//! `--read-only`, of the commands that inspect a database.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
pub(in crate::cli) struct EvidenceArgs {
    /// Opens a private copy and leaves the directory as it is, its times included; also for media
    /// that cannot be written
    #[arg(long)]
    pub(in crate::cli) read_only: bool,
    /// Directory for the private copy [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIR", requires = "read_only")]
    pub(in crate::cli) scratch: Option<PathBuf>,
}
