//! The command line, and the only layer that prints: one file for each subcommand.

mod api_address;
mod archive_failure;
mod args;
mod block_name;
mod cert;
mod certificates;
mod chain_choice;
mod chain_source;
mod config;
mod configuration;
mod descriptors;
mod dump;
mod event_position;
mod events;
mod evidence;
mod exit;
mod explore;
mod export;
mod format;
mod help;
mod import;
mod init;
mod listen;
mod logging;
mod manual;
mod migrate;
mod new_file;
mod node_users;
mod notice;
mod offline;
mod output;
mod paced;
mod password;
mod peer;
mod peers;
mod ports;
mod progress;
mod receipt;
mod record;
mod remote;
mod repair;
mod run;
mod service;
mod signal;
mod status;
mod stderr;
mod syncing;
mod target;
mod terminal;
mod text_file;
pub mod toolkit;
mod user;
mod users;
mod variables;
mod verify;

use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgMatches, Parser};
use rustix::fs::Mode;
use serde::Serialize;

use args::{Cli, Command};
use exit::{Code, Failure};

/// Runs the command that the process was started with, and returns its exit code.
pub fn main() -> ExitCode {
    start(|cli: &Cli, matches| dispatch(&cli.command, matches))
}

/// Parses the process's arguments, runs the command, and returns the exit code.
fn start<C: Parser>(run: impl FnOnce(&C, &ArgMatches) -> Result<()>) -> ExitCode {
    signal::fail_at_file_limit();
    let parsed = C::command().try_get_matches();
    let parsed = parsed.and_then(|matches| Ok((C::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // Where nobody reads the help there is nobody to tell.
            drop(error.print());
            return if error.use_stderr() { Code::Usage } else { Code::Done }.into();
        }
    };
    // A defect was logged by the panic hook; here it only becomes an exit code.
    let run = AssertUnwindSafe(|| run(&cli, &matches));
    let done = std::panic::catch_unwind(run);
    let code = match done {
        Ok(Ok(())) => Code::Done,
        Ok(Err(error)) => exit::report(&error),
        Err(_) => Code::Failed,
    };
    stderr::flush();
    code.into()
}

fn dispatch(command: &Command, matches: &ArgMatches) -> Result<()> {
    variables::check_text()?;
    let env = |name: &str| std::env::var(name).ok();
    if !matches!(command, Command::Run(_)) {
        let filter = logging::LogFilter::of_variable(&env)?;
        if matches!(command, Command::Explore(_)) {
            logging::start_view(&filter);
        } else {
            logging::start_command(&filter);
        }
        variables::warn_of_unknown();
    }
    // Of these only `dump` may create a database, and sees to that itself.
    let is_open = matches!(
        command,
        Command::Dump(_)
            | Command::Status(_)
            | Command::Receipt(_)
            | Command::Record(_)
            | Command::Man(_)
    );
    if !is_open {
        keep_private();
    }
    match command {
        Command::Run(args) => run::run(args, &env),
        Command::Init(args) => init::run(args, &env),
        Command::Dump(args) => dump::run(args, &env),
        Command::Verify(args) => verify::run(args),
        Command::Explore(args) => explore::run(args, matches),
        Command::Export(args) => export::run(args, &env),
        Command::Import(args) => import::run(args, &env),
        Command::Receipt(args) => receipt::run(args, &env),
        Command::Repair(args) => repair::run(args),
        Command::Migrate(args) => migrate::run(args),
        Command::Status(args) => status::run(args, &env),
        Command::Peer(args) => peer::run(args, &env),
        Command::Record(args) => record::run(args, &env),
        Command::User(args) => user::run(args, &env),
        Command::Config(args) => configuration::run(args, &env, matches),
        Command::Completions(args) => manual::completions(args),
        Command::Man(args) => manual::man(args),
        Command::Events(args) => events::run(args, &env),
        Command::Cert(args) => cert::run(args),
    }
}

/// From now on what is created is its owner's alone, as it must be in a data directory.
fn keep_private() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Returns what `create` does. What it creates is its owner's alone, as it must be in a data
/// directory; what is created afterwards is as open as before.
fn privately<T>(create: impl FnOnce() -> T) -> T {
    let before = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let created = create();
    rustix::process::umask(before);
    created
}

/// Prints a line on standard output.
///
/// # Errors
/// When the line cannot be written, whatever the reason: only `dump` takes a reader that left
/// for success, and `init`, whose work is in files, does without. So a command does its work and
/// forms its verdict first, and prints last.
fn print(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| {
        Failure::no("the result cannot be written to standard output").because(error).into()
    })
}

/// Prints JSON, written anew: nothing but printable characters comes out.
fn print_json(value: &impl Serialize) -> Result<()> {
    print(&output::escape_json(&serde_json::to_string(value)?))
}

/// Says no on standard output too, where a machine reads it. The result is the same whether or not
/// that can be written.
fn say_no(as_json: bool, no: &impl Serialize) {
    if as_json {
        drop(print_json(no));
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}
