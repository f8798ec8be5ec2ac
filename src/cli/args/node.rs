//! The flags of commands that ask a running node.

use std::path::PathBuf;

use clap::Args;

/// The address of a node's REST API unless told otherwise.
pub(in crate::cli) const DEFAULT_URL: &str = "http://127.0.0.1:3000";

/// Credentials for a running node.
#[derive(Args, Clone, Debug)]
pub struct RemoteArgs {
    /// User of the running node's REST API [default: jenny]
    #[arg(long, value_name = "NAME", env = "JENNY_USER", global = true)]
    pub(in crate::cli) user: Option<String>,
    /// File with that user's password, `-` for standard input; else `JENNY_PASSWORD`, else the
    /// default password on loopback, else a question at the terminal
    #[arg(long, value_name = "FILE", env = "JENNY_PASSWORD_FILE", global = true)]
    pub(in crate::cli) password_file: Option<PathBuf>,
    /// PEM file with the CAs to trust for https, instead of this system's
    #[arg(long, value_name = "FILE", env = "JENNY_CA", global = true)]
    pub(in crate::cli) ca: Option<PathBuf>,
}

/// A running node.
#[derive(Args, Debug)]
pub(in crate::cli) struct NodeArgs {
    /// Address of the running node
    #[arg(long, value_name = "URL", env = "JENNY_URL", default_value = DEFAULT_URL, global = true)]
    pub(in crate::cli) url: String,
    #[command(flatten)]
    pub(in crate::cli) remote: RemoteArgs,
}
