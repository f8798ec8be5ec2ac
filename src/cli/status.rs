//! `jenny status`: what an operator wants to know of a running node, at a glance.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::args::StatusArgs;
use super::exit::Failure;
use super::output::{escape, time_text};
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
    line("sync", text("/sync/state"));
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

/// Seconds as days, hours, minutes and seconds.
fn duration(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {seconds} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests;
