//! `jenny completions` and `jenny man`: what shells and `man` know about the command line.

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use clap_mangen::Man;

use super::args::{Cli, CompletionsArgs, ManArgs};

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "jenny", &mut text);
    print(text)
}

/// Prints the page of the program, or writes the pages of all subcommands.
pub(super) fn man(args: &ManArgs) -> Result<()> {
    let command = Cli::command();
    if let Some(dir) = &args.dir {
        return clap_mangen::generate_to(command, dir)
            .with_context(|| format!("the pages cannot be written into {}", dir.display()));
    }
    let mut text = Vec::new();
    // Writing into memory cannot fail.
    Man::new(command).render(&mut text).context("the page cannot be made")?;
    print(text)
}

fn print(text: Vec<u8>) -> Result<()> {
    let text = String::from_utf8(text).context("internal error: the text is not UTF-8")?;
    super::print(text.trim_end())
}

#[cfg(test)]
mod tests;
