//! Peers at the start: those that the file names, and where others are listened for.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Result;

use super::exit::Failure;
use super::listen::Listen;
use super::text_file::check_regular;
use crate::chain::Spec;
use crate::node::PeerUrl;
use crate::p2p::P2pConfig;

/// Largest peers' file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Most entries: so many peers are known at a time.
const MAX_PEERS_IN_FILE: usize = 1_024;

/// Reads the peers to dial. A missing file names none, unless it is required; an entry that
/// is no address is logged and left out.
pub(super) fn read(file: &Path, required: bool) -> Result<Vec<PeerUrl>> {
    let bad = |reason: String| {
        Failure::usage(format!("the peers' file {}: {reason}", file.display()))
            .hint("write a JSON array of addresses into it, such as [\"ws://192.0.2.1:7545\"]")
    };
    let opened = match check_regular(file).and_then(|()| File::open(file)) {
        Err(error) if error.kind() == ErrorKind::NotFound && !required => return Ok(Vec::new()),
        opened => opened.map_err(|error| bad(error.to_string()))?,
    };
    let mut text = Vec::new();
    let read = opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut text);
    read.map_err(|error| bad(error.to_string()))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(bad(format!("it is larger than {MAX_FILE_BYTES} bytes")).into());
    }
    // Some editors put it there. It says nothing.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let peers: Vec<String> =
        serde_json::from_slice(text).map_err(|error| bad(error.to_string()))?;
    if peers.len() > MAX_PEERS_IN_FILE {
        let count = peers.len();
        return Err(
            bad(format!("it has {count} entries, at most {MAX_PEERS_IN_FILE} are taken")).into()
        );
    }
    let parsed = peers.iter().filter_map(|peer| match peer.parse() {
        Ok(url) => Some(url),
        Err(error) => {
            tracing::warn!("{}: {error}", file.display());
            None
        }
    });
    Ok(parsed.collect())
}

/// Where peers are listened for: at the address that the operator chose, or at the default one
/// with the port that was chosen. The default is loopback, unless the operator named peers: then on all interfaces, so that others can dial this node
/// too. The chain `dev` stays on loopback.
pub(super) fn listen(chosen: Option<Listen>, names_peers: bool, spec: &Spec) -> SocketAddr {
    let default = P2pConfig::default().listen;
    let is_open = names_peers && *spec != Spec::dev();
    let open = SocketAddr::from((Ipv4Addr::UNSPECIFIED, default.port()));
    let default = if is_open { open } else { default };
    chosen.map_or(default, |chosen| chosen.on(default.ip()))
}

#[cfg(test)]
mod tests;
