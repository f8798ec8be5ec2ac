//! `jenny status`: what an operator wants to know of a running node, at a glance.

mod check;
mod screen;
mod watch;

use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use serde_json::{Map, Value};

use super::args::StatusArgs;
use super::exit::Failure;
use super::format::{Pace, count, duration};
use super::output::{escape, escape_json, labelled, time_text};
use super::remote::Remote;
use super::signal;
use crate::chain::Timestamp;

/// Runs the command.
pub(super) fn run(args: &StatusArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let _unfinished = signal::exit_at_once()?;
    if args.check {
        return check::check(&Remote::anonymous(&args.node.url, &args.node.remote)?);
    }
    let remote = Remote::new(&args.node.url, &args.node.remote, env)?;
    if !args.watch {
        return super::print(&ask(&remote, args.json)?);
    }
    let as_json = args.json;
    watch::watch(remote, as_json, move |remote| ask(remote, as_json))
}

fn ask(remote: &Remote, json: bool) -> Result<String> {
    let wrong =
        |error| Failure::no(format!("{} sent an invalid status", remote.name())).because(error);
    let status: Map<String, Value> =
        serde_json::from_slice(&remote.status()?).map_err(|error| wrong(anyhow!(error)))?;
    let status = Value::Object(status);
    // Any program may answer with an object.
    let is_status = status.pointer("/chain/id").is_some_and(Value::is_string)
        && status.pointer("/tip/height").is_some_and(Value::is_u64);
    if !is_status {
        return Err(wrong(anyhow!("it names no chain and no tip")).into());
    }
    if json {
        // Written anew, so that nothing but JSON of printable characters comes out.
        return Ok(escape_json(&status.to_string()).into_owned());
    }
    Ok(lines(remote.name(), &status))
}

/// The status for people: one line for each thing that the node tells.
fn lines(name: &str, status: &Value) -> String {
    let text = |path: &str| match status.pointer(path)? {
        Value::Null => None,
        Value::String(text) => Some(escape(text)),
        value => Some(escape(&value.to_string())),
    };
    let number = |path: &str| status.pointer(path)?.as_u64();
    let time = |path: &str| number(path).map(|millis| time_text(Timestamp::from_millis(millis)));
    let mut out = String::new();
    labelled(&mut out, "node", name);
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            out.push('\n');
            labelled(&mut out, name, &value);
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
    line("pace", pace_text(status));
    for (name, value) in fork_lines(status) {
        line(name, Some(value));
    }
    line("waits for", awaited_text(status));
    line("links", text("/links"));
    let checking = number("/check/height").map(|height| format!("running, at height {height}"));
    line("check", checking.or_else(|| text("/check/state")));
    let lag = number("/index/lag").filter(|lag| *lag > 0);
    line("index", lag.map(|lag| format!("{} blocks left", count(lag))));
    line("swaps", text("/swaps/count"));
    line("queued", text("/mining/queued"));
    line("pending", pending_text(status));
    line("hash rate", status.pointer("/mining/hashRate").and_then(Value::as_f64).map(hash_rate));
    for text in certificate_texts(status) {
        line("tls", Some(text));
    }
    line("uptime", number("/uptimeSeconds").map(duration));
    out
}

/// The certificates of the node's ports, with the time that is left.
fn certificate_texts(status: &Value) -> Vec<String> {
    let list = status.pointer("/certificates").and_then(Value::as_array);
    let text = |certificate: &Value| {
        let port = escape(certificate.get("port")?.as_str()?);
        let days = count(certificate.get("daysLeft")?.as_u64()?);
        let is_due = certificate.get("renew").and_then(Value::as_bool) == Some(true);
        let advice = if is_due { ": renew it and send SIGHUP" } else { "" };
        Some(format!("certificate of {port}, {days} days left{advice}"))
    };
    list.into_iter().flatten().filter_map(text).collect()
}

/// The records that wait for a block.
fn pending_text(status: &Value) -> Option<String> {
    let records = status.pointer("/pool/records")?.as_u64()?;
    let oldest = status.pointer("/pool/oldestWaitSeconds").and_then(Value::as_u64);
    let waits = oldest.map_or_else(String::new, |wait| format!(", oldest {}", duration(wait)));
    Some(format!("{} records{waits}", count(records)))
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

/// The node's tip compared with its peers'.
fn sync_text(status: &Value) -> Option<String> {
    let sync = status.pointer("/sync")?;
    let mut text = escape(sync.get("state")?.as_str()?);
    let number = |name| sync.get(name).and_then(Value::as_u64);
    if let (Some(at), Some(claimed)) = (number("at"), number("claimedHeight")) {
        // Writing into memory cannot fail.
        let _ = write!(text, ", about {} blocks left", count(claimed.saturating_sub(at)));
    } else if let Some(remaining) = number("remaining") {
        let _ = write!(text, ", {} blocks left", count(remaining));
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

/// How fast blocks are fetched, and for how long still.
fn pace_text(status: &Value) -> Option<String> {
    let sync = status.pointer("/sync")?;
    let pace = Pace {
        blocks_per_second: sync.get("blocksPerSecond").and_then(Value::as_f64)?,
        bytes_per_second: sync.get("bytesPerSecond").and_then(Value::as_f64).unwrap_or(0.0),
        eta: sync.get("etaSeconds").and_then(Value::as_u64),
        peers: sync.get("peers").and_then(Value::as_array).map_or(0, Vec::len),
    };
    Some(pace.text())
}

/// The tips of a split, or the branch that waits for the operator and what to do about it.
fn fork_lines(status: &Value) -> Vec<(&'static str, String)> {
    let Some(sync) = status.pointer("/sync") else { return Vec::new() };
    let text = |path: &str| sync.pointer(path).and_then(Value::as_str).map(escape);
    let number = |path: &str| sync.pointer(path).and_then(Value::as_u64).map(count);
    let lines = match sync.get("state").and_then(Value::as_str) {
        Some("split") => vec![
            ("ours", text("/ours/hash")),
            ("theirs", text("/theirs/hash")),
            (
                "at",
                number("/ours/height")
                    .zip(number("/theirs/height"))
                    .map(|(ours, theirs)| format!("heights {ours} and {theirs}")),
            ),
            (
                "peer",
                text("/peer")
                    .zip(sync.pointer("/seconds").and_then(Value::as_u64))
                    .map(|(peer, seconds)| format!("{peer}, for {}", duration(seconds))),
            ),
        ],
        Some("deep-fork") => vec![
            ("branch", text("/hash")),
            (
                "",
                number("/fork").zip(number("/depth")).map(|(fork, depth)| {
                    format!("forks at height {fork} and would disconnect {depth} blocks")
                }),
            ),
            ("its tip", text("/tip/hash")),
            (
                "",
                number("/tip/height")
                    .zip(text("/work"))
                    .map(|(height, work)| format!("height {height}, work {work}")),
            ),
            ("to do", Some("if that branch is the right one, accept it:".to_owned())),
            ("", Some("POST /v1/forks/BRANCH/accept as an operator, or stop the".to_owned())),
            ("", Some("node and run `jenny repair --accept-fork BRANCH`".to_owned())),
        ],
        _ => Vec::new(),
    };
    lines.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
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
