//! The flags of `jenny config`, `jenny completions` and `jenny man`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use super::RunArgs;

#[derive(Args, Debug)]
pub(in crate::cli) struct ConfigArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ConfigCommand {
    /// Checks the settings that `jenny run` would have with the same flags and variables
    Check {
        #[command(flatten)]
        run: RunArgs,
    },
    /// Shows every setting and where it comes from
    Show {
        #[command(flatten)]
        run: RunArgs,
        /// Prints one line of JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell that is to complete
    #[arg(value_name = "SHELL")]
    pub(in crate::cli) shell: Shell,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ManArgs {
    /// Writes the pages of all subcommands into DIR, which must exist
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) dir: Option<PathBuf>,
}
