//! What the project's other commands share with `jenny`: how they start and end, and what they read.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

pub use super::args::{EvidenceArgs, RemoteArgs};
pub use super::chain_source::{ChainSource, LocalSource, RemoteSource, broken};
pub use super::exit::{Code, Failure, code_of, may_pass, or_hint, text_of};
pub use super::notice::notice;
pub use super::output::escape;
pub use super::progress::Progress;
pub use super::remote::Remote;
pub use super::signal::{Unfinished, exit_at_once};
pub use super::target::{check_outside, sync_folder};
use super::{logging, variables};

/// Runs a command of another program as [`super::main`] runs those of `jenny`, and returns its
/// exit code.
pub fn main<C: Parser>(run: impl FnOnce(&C) -> Result<()>) -> ExitCode {
    super::start(|command: &C, _| {
        variables::check_text()?;
        let env = |name: &str| std::env::var(name).ok();
        logging::start_command(&logging::LogFilter::of_variable(&env)?);
        variables::warn_of_unknown();
        run(command)
    })
}

/// Prints the line that is a command's result on standard output.
///
/// # Errors
/// When it cannot be written.
pub fn print(line: &str) -> Result<()> {
    super::print(line)
}
