//! Proxies in front of the node: which are believed, and for whom a request is then.

use std::net::{IpAddr, SocketAddr};

use http::header::HeaderMap;
use ipnet::IpNet;

use crate::api::quoted::quoted;

/// Most networks of proxies.
pub const MAX_PROXIES: usize = 256;

/// Most proxies that a request may have passed, the one that connected not counted.
const MAX_HOPS: usize = 16;

/// The networks whose `X-Forwarded-For` names the client.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrustedProxies(Vec<IpNet>);

/// Why a text names no network of proxies.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// Neither an address nor a network.
    #[error(
        "{} is not an IP address or network; write for example 127.0.0.1 or 10.1.0.0/16", quoted(.0)
    )]
    Malformed(String),
    /// A network that no client's address is compared with.
    #[error("{} is an IPv4 network written as IPv6; write it as IPv4", quoted(.0))]
    Mapped(String),
    /// Every address.
    #[error("{} would trust every caller; list the addresses of your proxies", quoted(.0))]
    Everybody(String),
    /// More networks than are compared.
    #[error("there are {0} networks; the limit is {MAX_PROXIES}")]
    TooMany(usize),
}

impl TrustedProxies {
    /// Reads addresses and networks in CIDR notation.
    ///
    /// # Errors
    /// The first entry that is neither or that matches nothing or everything; too many.
    pub fn parse<T: AsRef<str>>(entries: &[T]) -> Result<Self, ProxyError> {
        if entries.len() > MAX_PROXIES {
            return Err(ProxyError::TooMany(entries.len()));
        }
        entries.iter().map(|entry| network(entry.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether no proxy is believed.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a proxy has this address.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// For whom a request came over a connection of this address, when a proxy that is
    /// believed says so: the rightmost entry of `X-Forwarded-For` that is no such proxy
    /// itself. What is left of it may be the client's invention.
    pub(super) fn client(&self, connection: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.contains(connection) {
            return None;
        }
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','));
        for hop in hops.take(MAX_HOPS) {
            let address = address(hop)?;
            if !self.contains(address) {
                return Some(address);
            }
        }
        None
    }
}

fn network(entry: &str) -> Result<IpNet, ProxyError> {
    let malformed = || ProxyError::Malformed(entry.to_owned());
    let network = match entry.trim().parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => IpNet::from(entry.trim().parse::<IpAddr>().map_err(|_| malformed())?),
    };
    match network {
        IpNet::V6(net) if net.addr().to_ipv4_mapped().is_some() => {
            Err(ProxyError::Mapped(entry.to_owned()))
        }
        _ if network.prefix_len() == 0 => Err(ProxyError::Everybody(entry.to_owned())),
        network => Ok(network),
    }
}

/// An address, maybe with a port, as some proxies write it.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim_ascii();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = match bare.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => text.parse::<SocketAddr>().ok()?.ip(),
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
