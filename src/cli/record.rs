//! `jenny record`: the records of a running node.

mod file;

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use ureq::http::Method;

use super::args::{ReceiptFile, RecordArgs, RecordCommand};
use super::exit::Failure;
use super::output::{escape, time_text};
use super::print_json;
use super::receipt::fetch;
use super::remote::Remote;
use super::signal::{self, Unfinished};
use super::target::STDOUT;
use crate::chain::{Hash, Timestamp, leaf_hash};

/// Most bytes that are read of a record or a page of them: 4 MiB of text may be six times that
/// as JSON.
const MAX_RECORDS_RESPONSE_BYTES: u64 = 32 << 20;

/// Longest wait that one request asks for, in seconds.
const WAIT_SECONDS: u64 = 30;

/// Characters of a record that a list shows.
const LISTED_CHARS: usize = 60;

/// Runs the command.
pub(super) fn run(args: &RecordArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let unfinished = signal::exit_at_once()?;
    if let RecordCommand::Id { text } = &args.command {
        return super::print(&leaf_hash(text.as_bytes()).to_string());
    }
    let remote = Remote::new(&args.node.url, &args.node.remote, env)?;
    match &args.command {
        RecordCommand::Add { texts, file: None, wait, .. } => add(&remote, texts, *wait, args.json),
        RecordCommand::Add { file: Some(path), number_lines, from_line, .. } => {
            file::add(&remote, path, *number_lines, *from_line, args.json)
        }
        RecordCommand::Get { id } => {
            let found = find(&remote, id, None)?;
            if args.json { print_json(&found) } else { super::print(&lines(&found)) }
        }
        RecordCommand::Wait { id, timeout } => wait(&remote, id, *timeout, args.json),
        RecordCommand::Receipt { id, file } => receipt(&remote, id, file, unfinished),
        RecordCommand::List => list(&remote, args.json),
        RecordCommand::Cancel { id } => {
            remote.change(Method::DELETE, &format!("/v1/records/{id}"), None)?;
            if args.json { super::print("{}") } else { super::print(&format!("cancelled {id}")) }
        }
        // Computed above.
        RecordCommand::Id { .. } => Ok(()),
    }
}

fn add(remote: &Remote, texts: &[String], wait: Option<u64>, as_json: bool) -> Result<()> {
    let body = json!({ "data": texts }).to_string();
    let path = match wait {
        Some(seconds) => format!("/v1/records?wait={seconds}"),
        None => "/v1/records".to_owned(),
    };
    let answer = remote.parse(&remote.change(Method::POST, &path, Some(body))?)?;
    if as_json {
        return print_json(&answer);
    }
    let taken = answer.as_array().cloned().unwrap_or_default();
    let lines: Vec<_> = taken
        .iter()
        .map(|record| format!("{} {}", text(record, "id"), text(record, "state")))
        .collect();
    super::print(&lines.join("\n"))
}

fn find(remote: &Remote, id: &Hash, wait: Option<u64>) -> Result<Value> {
    let query = wait.map_or_else(String::new, |seconds| format!("?wait={seconds}"));
    let answer = remote.get(&format!("/v1/records/{id}{query}"), MAX_RECORDS_RESPONSE_BYTES)?;
    let answer = answer.ok_or_else(|| {
        Failure::no(format!("{} has no record {id}", remote.name()))
            .hint("`jenny record id TEXT` prints the id of a text")
    })?;
    remote.parse(&answer)
}

/// Waits until a record is in a block.
fn wait(remote: &Remote, id: &Hash, timeout: u64, as_json: bool) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(timeout);
    loop {
        let left = end.saturating_duration_since(Instant::now()).as_secs();
        let found = find(remote, id, Some(left.min(WAIT_SECONDS)))?;
        if found["state"] == "included" {
            return if as_json { print_json(&found) } else { super::print(&lines(&found)) };
        }
        if left == 0 {
            let failure = Failure::no(format!("record {id} is in no block after {timeout} s"));
            return Err(failure.hint("it stays pending; wait longer with --timeout").into());
        }
    }
}

/// Writes the receipt of a record, which is sound.
fn receipt(remote: &Remote, id: &Hash, file: &ReceiptFile, unfinished: Unfinished) -> Result<()> {
    let output = file.output.as_deref().filter(|path| *path != Path::new(STDOUT));
    let (text, receipt) = fetch::receipt(remote, id, file.tip.as_ref())?;
    fetch::write(output, &text, &receipt, unfinished)
}

fn list(remote: &Remote, as_json: bool) -> Result<()> {
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let path = format!("/v1/records?state=pending&limit=1000{after}");
        let page = remote.parse(&remote.get_known(&path, MAX_RECORDS_RESPONSE_BYTES)?)?;
        let records = page["records"].as_array().cloned().unwrap_or_default();
        let is_empty = records.is_empty();
        all.extend(records);
        match page["next"].as_str() {
            // A cursor is digits and a dash: nothing of it needs to be encoded.
            Some(next) if !is_empty => after = format!("&cursor={next}"),
            _ => break,
        }
    }
    if as_json {
        return print_json(&json!({ "records": all }));
    }
    super::print(&listing(&all))
}

/// Pending records for people.
fn listing(records: &[Value]) -> String {
    let mut out = format!("pending  {}", records.len());
    for record in records {
        let data = record["data"].as_str().unwrap_or_default();
        let shown: String = escape(data).chars().take(LISTED_CHARS).collect();
        let wait = record["waitSeconds"].as_u64().unwrap_or_default();
        let _ = write!(out, "\n  {}\n    {wait} s  {shown}", text(record, "id"));
    }
    out
}

/// One record for people.
fn lines(record: &Value) -> String {
    let mut out = format!("record  {}\nstate   {}", text(record, "id"), text(record, "state"));
    if let Some(height) = record["height"].as_u64() {
        let _ = write!(out, "\nblock   {height} {}", text(record, "blockHash"));
        let index = record["index"].as_u64().unwrap_or_default();
        let confirmations = record["confirmations"].as_u64().unwrap_or_default();
        let _ = write!(out, "\nindex   {index}, {confirmations} confirmations");
    }
    if let Some(millis) = record["time"].as_u64() {
        let _ = write!(out, "\ntime    {}", time_text(Timestamp::from_millis(millis)));
    }
    let _ = write!(out, "\ndata    {}", text(record, "data"));
    out
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().map(escape).unwrap_or_default()
}

#[cfg(test)]
mod tests;
