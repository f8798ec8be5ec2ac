//! `--read-only`, of the commands that inspect a database.

use std::path::PathBuf;

use clap::Args;

/// How a command that inspects a database opens it.
#[derive(Args, Debug)]
pub struct EvidenceArgs {
    /// Opens a private copy and leaves the directory as it is, its times included; also for media
    /// that cannot be written
    #[arg(long)]
    pub read_only: bool,
    /// Directory for the private copy [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIR", requires = "read_only")]
    pub(in crate::cli) scratch: Option<PathBuf>,
}
