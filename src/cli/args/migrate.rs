//! The command line of `jenny migrate`.

use clap::{Args, Subcommand};

use super::DataDir;

#[derive(Args, Debug)]
pub(in crate::cli) struct MigrateArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: MigrateCommand,
    /// Prints the result as one line of JSON
    #[arg(long, global = true)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum MigrateCommand {
    /// Shows the schema of the database and the steps that it lacks
    Status(DataDir),
    /// Runs the steps that the database lacks, as `jenny run` does when it starts
    Run(DataDir),
}
