//! `jenny migrate`: the schema of a stopped node's database.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

use super::args::{MigrateArgs, MigrateCommand};
use super::{offline, signal};
use crate::store::{Schema, migrate, schema};

/// Runs the command.
pub(super) fn run(args: &MigrateArgs) -> Result<()> {
    let _unfinished = signal::exit_at_once()?;
    let (found, has_run) = match &args.command {
        MigrateCommand::Status(dir) => (offline::telling(&dir.path, schema)?, false),
        MigrateCommand::Run(dir) => (offline::telling(&dir.path, migrate)?, true),
    };
    if args.json {
        return super::print_json(&json(&found, has_run));
    }
    super::print(text(&found, has_run).trim_end())
}

fn text(found: &Schema, has_run: bool) -> String {
    let (number, newest) = (found.found, found.steps.len());
    let count = found.missing().count();
    let mut out = match (count, has_run) {
        (0, _) => format!("schema {number}, which is the newest of this version\n"),
        (_, true) => format!("migrated from schema {number} to {newest}\n"),
        (_, false) => format!("schema {number}; this version needs {newest}\n"),
    };
    for (step, name) in (1..).zip(&found.steps) {
        let state = match (step > number, has_run) {
            (false, _) => "done",
            (true, true) => "done now",
            (true, false) => "to do",
        };
        // Writing into memory cannot fail.
        let _ = writeln!(out, "  {step:>3}  {name:<28}  {state}");
    }
    if count > 0 && !has_run {
        out.push_str("The next start runs what is to do, or `jenny migrate run`.");
    }
    out
}

#[derive(Serialize)]
struct SchemaJson<'a> {
    schema: u64,
    newest: usize,
    /// The steps that are to run, or that this command ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ran: Option<Vec<&'a str>>,
}

fn json(found: &Schema, has_run: bool) -> SchemaJson<'_> {
    let steps: Vec<_> = found.missing().map(|(_, name)| name).collect();
    let newest = found.steps.len();
    if has_run {
        let schema = newest as u64;
        return SchemaJson { schema, newest, pending: None, ran: Some(steps) };
    }
    SchemaJson { schema: found.found, newest, pending: Some(steps), ran: None }
}
