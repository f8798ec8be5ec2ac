//! `jenny status --check`: whether a node is ready, for health checks.

use anyhow::Result;

use crate::cli::exit::Failure;
use crate::cli::remote::Remote;

/// Succeeds if the node serves, whether or not it accepts blocks at the moment.
pub(super) fn check(remote: &Remote) -> Result<()> {
    let answer = remote.parse(&remote.ready()?)?;
    if answer.get("status").and_then(serde_json::Value::as_str) != Some("ready") {
        return Err(Failure::no(format!("{} is not a jenny node", remote.name()))
            .hint("give the address of its REST API with --url")
            .into());
    }
    let writes = answer.get("writes").and_then(serde_json::Value::as_bool) == Some(true);
    let rest = if writes { "" } else { ", but accepts no blocks: `jenny status` shows why" };
    crate::cli::print(&format!("{} is ready{rest}", remote.name()))
}
