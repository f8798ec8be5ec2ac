//! `jenny peer`: the peers of a running node.

use std::fmt::Write as _;
use std::net::IpAddr;

use anyhow::Result;
use serde_json::{Value, json};
use ureq::http::Method;

use super::args::{PeerArgs, PeerCommand};
use super::output::{COLUMNS, escape, time_text};
use super::print_json;
use super::remote::Remote;
use super::signal;
use crate::chain::Timestamp;

/// Most bytes that are read of a list: a node sends 16 MiB to one user at most.
const MAX_LIST_BYTES: u64 = 16 << 20;

/// Runs the command.
pub(super) fn run(args: &PeerArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let _unfinished = signal::exit_at_once()?;
    let remote = Remote::new(&args.node.url, &args.node.remote, env)?;
    match &args.command {
        PeerCommand::List => list(&remote, args.json),
        PeerCommand::Add { peer } => {
            let body = json!({ "address": peer }).to_string();
            let answer = remote.change(Method::POST, "/v1/peers", Some(body))?;
            done(args.json, &answer, &format!("linked to {}", escape(peer)))
        }
        PeerCommand::Remove { peer } => {
            let answer = remote.change(Method::DELETE, &named("/v1/peers", peer), None)?;
            done(args.json, &answer, &format!("removed {}", escape(peer)))
        }
        PeerCommand::Ban { address, seconds, reason } => {
            let body = ban(*address, *seconds, reason.as_deref());
            let answer = remote.change(Method::POST, "/v1/bans", Some(body))?;
            let parsed = remote.parse(&answer)?;
            let until = parsed["until"].as_u64().map_or_else(String::new, |until| {
                format!(" until {}", time_text(Timestamp::from_millis(until)))
            });
            done(args.json, &answer, &format!("banned {address}{until}"))
        }
        PeerCommand::Unban { address } => {
            let path = named("/v1/bans", &address.to_string());
            let answer = remote.change(Method::DELETE, &path, None)?;
            done(args.json, &answer, &format!("{address} is no longer banned"))
        }
    }
}

fn ban(address: IpAddr, seconds: Option<u64>, reason: Option<&str>) -> String {
    let mut body = json!({ "address": address.to_string() });
    if let Some(seconds) = seconds {
        body["seconds"] = seconds.into();
    }
    if let Some(reason) = reason {
        body["reason"] = reason.into();
    }
    body.to_string()
}

/// A path that ends with a name of any characters.
fn named(path: &str, name: &str) -> String {
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("{path}/{encoded}")
}

/// Says what was done: as JSON what the node answered, or `{}` where it had nothing to say.
fn done(as_json: bool, answer: &[u8], text: &str) -> Result<()> {
    if !as_json {
        return super::print(text);
    }
    let value = serde_json::from_slice(answer).unwrap_or_else(|_| json!({}));
    print_json(&value)
}

fn list(remote: &Remote, as_json: bool) -> Result<()> {
    let get = |path: &str| remote.parse(&remote.get_known(path, MAX_LIST_BYTES)?);
    let (links, known, bans) = (get("/v1/peers")?, get("/v1/peers/known")?, get("/v1/bans")?);
    if as_json {
        return print_json(&json!({ "links": links, "known": known, "bans": bans }));
    }
    super::print(&lines(&links, &known, &bans))
}

/// The lists for people.
fn lines(links: &Value, known: &Value, bans: &Value) -> String {
    let entries = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let (links, known, bans) = (entries(links), entries(known), entries(bans));
    let mut out = format!("links  {}", links.len());
    for link in &links {
        let height = link.pointer("/tip/height").and_then(Value::as_u64);
        let height = height.map(|height| format!("height {height}"));
        let details = [text(link, "direction"), text(link, "dialect"), height, text(link, "agent")];
        entry(&mut out, link, details);
    }
    let _ = write!(out, "\nknown  {}", known.len());
    for peer in &known {
        let is_linked = peer["linked"].as_bool() == Some(true);
        let failures = peer["failures"].as_u64().filter(|&count| count > 0);
        let details = [
            text(peer, "origin"),
            is_linked.then(|| "linked".to_owned()),
            time(peer, "lastSuccess").map(|time| format!("last linked {time}")),
            failures.map(
                |count| if count == 1 { "1 failure".into() } else { format!("{count} failures") },
            ),
            time(peer, "nextTry").map(|time| format!("next try {time}")),
            text(peer, "lastError"),
        ];
        entry(&mut out, peer, details);
    }
    let _ = write!(out, "\nbans   {}", bans.len());
    for ban in &bans {
        let until = time(ban, "until").map(|time| format!("until {time}"));
        entry(&mut out, ban, [until, text(ban, "reason")]);
    }
    out
}

/// An address, and what is known of it, wrapped below it.
fn entry(out: &mut String, listed: &Value, details: impl IntoIterator<Item = Option<String>>) {
    let _ = write!(out, "\n  {}", text(listed, "address").unwrap_or_default());
    let details: Vec<_> = details.into_iter().flatten().collect();
    let details = details.join(", ");
    let mut column = COLUMNS;
    for word in details.split(' ') {
        let length = word.chars().count().saturating_add(1);
        if column.saturating_add(length) > COLUMNS {
            out.push_str("\n   ");
            column = 3;
        }
        out.push(' ');
        out.push_str(word);
        column = column.saturating_add(length);
    }
}

fn text(listed: &Value, key: &str) -> Option<String> {
    listed[key].as_str().map(escape)
}

fn time(listed: &Value, key: &str) -> Option<String> {
    listed[key].as_u64().map(|millis| time_text(Timestamp::from_millis(millis)))
}

#[cfg(test)]
mod tests;
