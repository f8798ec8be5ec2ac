//! The networks whose peers are linked to.

use std::net::IpAddr;

use ipnet::IpNet;

/// Most networks of an allow-list.
pub const MAX_ALLOWED: usize = 256;

/// Characters of a wrong entry that its error shows.
const MAX_SHOWN_CHARS: usize = 80;

/// The networks whose peers are linked to; an empty list allows all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AllowList(Vec<IpNet>);

/// Why a text is no entry of an allow-list.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AllowListError {
    /// Neither an address nor a network.
    #[error("`{0}` is not an IP address or network; write for example 10.1.0.0/16")]
    Malformed(String),
    /// A network that no peer's address is compared with.
    #[error("`{0}` is an IPv4 network written as IPv6; write it as IPv4")]
    Mapped(String),
    /// More networks than are compared.
    #[error("there are {0} networks; the limit is {MAX_ALLOWED}")]
    TooMany(usize),
}

impl AllowList {
    /// Reads addresses and networks in CIDR notation.
    ///
    /// # Errors
    /// The first entry that is neither, or that matches nothing; more than 256.
    pub fn parse<T: AsRef<str>>(entries: &[T]) -> Result<Self, AllowListError> {
        if entries.len() > MAX_ALLOWED {
            return Err(AllowListError::TooMany(entries.len()));
        }
        entries.iter().map(|entry| network(entry.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a peer may have this address.
    pub(super) fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.is_empty() || self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(entry: &str) -> Result<IpNet, AllowListError> {
    let shown = || entry.escape_debug().take(MAX_SHOWN_CHARS).collect::<String>();
    let text = entry.trim();
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match network.map_err(|_| AllowListError::Malformed(shown()))? {
        IpNet::V6(net) if net.addr().to_ipv4_mapped().is_some() => {
            Err(AllowListError::Mapped(shown()))
        }
        network => Ok(network),
    }
}

#[cfg(test)]
mod tests;
