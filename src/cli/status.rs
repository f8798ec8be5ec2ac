//! `jenny status`: what an operator wants to know of a running node, at a glance.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::args::StatusArgs;
use super::exit::Failure;
use super::output::{escape, time_text};
use super::pace::{Pace, count, duration};
use super::remote::Remote;
use super::signal;
use crate::chain::Timestamp;

/// Time between two questions of `--watch`.
const WATCH_EVERY: Duration = Duration::from_secs(2);

/// Runs the command.
pub(super) fn run(args: &StatusArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let _unfinished = signal::exit_at_once()?;
    let remote = Remote::new(&args.url, &args.remote, env)?;
    loop {
        let answer = ask(&remote, args.json)?;
        if args.watch && std::io::stdout().is_terminal() {
            // Clears the screen: each answer takes the place of the one before.
            anstream::stdout().write_all(b"\x1b[2J\x1b[H").context("the terminal is gone")?;
        }
        super::print(&answer)?;
        if !args.watch {
            return Ok(());
        }
        std::thread::sleep(WATCH_EVERY);
    }
}

fn ask(remote: &Remote, raw: bool) -> Result<String> {
    let answer = String::from_utf8(remote.status()?);
    let wrong =
        |error| Failure::no(format!("{} answers what is no status", remote.name())).because(error);
    let answer = answer.map_err(|error| wrong(anyhow::Error::from(error)))?;
    if raw {
        return Ok(answer.trim_end().to_owned());
    }
    let status: Value = serde_json::from_str(&answer).map_err(|error| wrong(error.into()))?;
    Ok(lines(remote.name(), &status))
}

/// The status for people: one line for each thing that the node tells.
fn lines(name: &str, status: &Value) -> String {
    let text = |path: &str| match status.pointer(path)? {
        Value::Null => None,
        Value::String(text) => Some(escape(text)),
        value => Some(value.to_string()),
    };
    let number = |path: &str| status.pointer(path)?.as_u64();
    let time = |path: &str| number(path).map(|millis| time_text(Timestamp::from_millis(millis)));
    let mut out = format!("node      {name}");
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing into memory cannot fail.
            let _ = write!(out, "\n{name:<9} {value}");
        }
    };
    line("version", text("/version"));
    line("chain", text("/chain/name"));
    line("id", text("/chain/id"));
    line("height", text("/tip/height"));
    line("tip", text("/tip/hash"));
    line("time", time("/tip/timestamp"));
    line("work", text("/tip/totalWork"));
    line("refusing", text("/refusing"));
    line("clock", clock_text(status));
    line("sync", sync_text(status));
    line("waits for", awaited_text(status));
    line("links", text("/links"));
    let checking = number("/check/height").map(|height| format!("running, at height {height}"));
    line("check", checking.or_else(|| text("/check/state")));
    line("swaps", text("/swaps/count"));
    line("queued", text("/mining/queued"));
    line("hash rate", status.pointer("/mining/hashRate").and_then(Value::as_f64).map(hash_rate));
    line("uptime", number("/uptimeSeconds").map(duration));
    out
}

/// Hashes per second, in thousands where there are many.
fn hash_rate(rate: f64) -> String {
    let units = [(1e9, "GH/s"), (1e6, "MH/s"), (1e3, "kH/s")];
    let unit = units.iter().find(|&&(size, _)| rate >= size);
    unit.map_or_else(
        || format!("{rate:.0} H/s"),
        |(size, unit)| format!("{:.2} {unit}", rate / size),
    )
}

/// Where the node stands among its peers, with the pace while it fetches.
fn sync_text(status: &Value) -> Option<String> {
    let sync = status.pointer("/sync")?;
    let mut text = escape(sync.get("state")?.as_str()?);
    if let Some(remaining) = sync.get("remaining").and_then(Value::as_u64) {
        let _ = write!(text, ", {} blocks left", count(remaining));
    }
    if let Some(blocks_per_second) = sync.get("blocksPerSecond").and_then(Value::as_f64) {
        let pace = Pace {
            blocks_per_second,
            bytes_per_second: sync.get("bytesPerSecond").and_then(Value::as_f64).unwrap_or(0.0),
            eta: sync.get("etaSeconds").and_then(Value::as_u64),
            peers: sync.get("peers").and_then(Value::as_array).map_or(0, Vec::len),
        };
        let _ = write!(text, ", {}", pace.text());
    }
    Some(text)
}

/// What is wrong with the node's clock, `None` if nothing is.
fn clock_text(status: &Value) -> Option<String> {
    let clock = status.pointer("/clock")?;
    if let Some(ahead) = clock.get("aheadSeconds").and_then(Value::as_u64) {
        return Some(format!("the last block is {} ahead of it", duration(ahead)));
    }
    let seconds = clock.get("seconds")?.as_i64()?;
    let way = if seconds < 0 { "backwards" } else { "forwards" };
    Some(format!("jumped {way} by {}", duration(seconds.unsigned_abs())))
}

/// The block that everything waits for, and who was asked for it.
fn awaited_text(status: &Value) -> Option<String> {
    let height = status.pointer("/sync/awaited/height")?.as_u64()?;
    let peer = status.pointer("/sync/awaited/peer").and_then(Value::as_str);
    let from = peer.map(|peer| format!(" from {}", escape(peer))).unwrap_or_default();
    Some(format!("block {}{from}", count(height)))
}

#[cfg(test)]
mod tests;
