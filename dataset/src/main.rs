//! The `jenny-dataset` command: writes the records of a chain as Parquet files, for engines such as
//! Spark and Trino.
//!
//! `docs/analytics.md` specifies the files. [`export`] drives a run: [`blocks`] reads a chain,
//! [`table`] writes files, a [`folder`] keeps them, and the [`manifest`] says which ones count.

mod args;
mod blocks;
mod digest;
mod export;
mod folder;
mod help;
mod location;
mod manifest;
mod table;
#[cfg(test)]
mod test_util;
mod verify;

use std::process::ExitCode;

use args::{Cli, Command};
use jenny_chain::cli::toolkit;

fn main() -> ExitCode {
    toolkit::main(|cli: &Cli| match &cli.command {
        Command::Export(args) => export::run(args),
        Command::Verify(args) => verify::run(args),
    })
}
