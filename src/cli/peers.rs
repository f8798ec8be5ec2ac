//! Peers at the start: those that the file names, and where others are listened for.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Result;

use super::exit::Failure;
use super::listen::Listen;
use crate::chain::Spec;
use crate::node::{PeerUrl, PeersFileError, read_peers_file};
use crate::p2p::P2pConfig;

/// Reads the peers to dial. A missing file names none, unless it is required; an entry that
/// is no address is logged and left out.
pub(super) fn read(file: &Path, required: bool) -> Result<Vec<PeerUrl>> {
    let parsed = entries(file, required)?.into_iter().filter_map(|entry| match entry {
        Ok(url) => Some(url),
        Err(error) => {
            tracing::warn!("{}: {error}", file.display());
            None
        }
    });
    Ok(parsed.collect())
}

/// The entries of the peers file, each an address or what is wrong with it.
pub(super) fn entries(file: &Path, required: bool) -> Result<Vec<Result<PeerUrl, String>>> {
    if required && !file.exists() {
        let message = format!("the peers file {} does not exist", file.display());
        return Err(Failure::usage(message)
            .hint("write a JSON list of addresses into it, or leave the setting out")
            .into());
    }
    let bad = |error: &PeersFileError| {
        Failure::usage(format!("the peers' file {}: {error}", file.display()))
            .hint("write a JSON array of addresses into it, such as [\"ws://192.0.2.1:7545\"]")
    };
    let peers = read_peers_file(file, required).map_err(|error| bad(&error))?;
    let parse = |peer: &String| peer.parse().map_err(|error| format!("{error}"));
    Ok(peers.iter().map(parse).collect())
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
