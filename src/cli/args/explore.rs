//! The flags of `jenny explore`.

use std::path::PathBuf;

use clap::Args;

use super::DataDir;
use crate::cli::listen::Listen;

#[derive(Args, Debug)]
pub(in crate::cli) struct ExploreArgs {
    /// The data directory, instead of --data-dir
    #[arg(value_name = "DIR")]
    pub(in crate::cli) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) data_dir: DataDir,
    /// Listen address: IP:PORT, localhost:PORT or :PORT; port 0 picks a free port
    /// [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDR")]
    pub(in crate::cli) listen: Option<Listen>,
    /// Name to sign in with, instead of `auditor` and a random password
    #[arg(long, value_name = "NAME", requires = "password_file")]
    pub(in crate::cli) user: Option<String>,
    /// File with that user's password, whose final line break is not part of it; `-` is standard
    /// input
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(in crate::cli) password_file: Option<PathBuf>,
    /// Directory for the private copy [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) scratch: Option<PathBuf>,
    /// What `dump` and `verify` take; here it is always so
    #[arg(long, hide = true)]
    pub(in crate::cli) read_only: bool,
}
