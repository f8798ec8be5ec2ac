//! A peer's address, as an operator or a client writes it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::{Host, Url};

/// A peer's address: `ws://host:port`, or `wss://host:port` for TLS, nothing after it but an
/// optional path. Without a port it means port 80, with TLS 443 (RFC 6455 section 3).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PeerUrl(String);

/// Why a text is no peer address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("invalid peer address `{text}`: {reason}; write ws://host:port or wss://host:port")]
pub struct PeerUrlError {
    /// The text, shortened.
    pub text: String,
    /// What is wrong.
    pub reason: String,
}

/// Longest peer address, in bytes.
const MAX_PEER_URL_BYTES: usize = 2_048;

/// Characters of a wrong address that its error shows.
const SHOWN_CHARS: usize = 80;

impl PeerUrl {
    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, an IPv6 address without its brackets, and the port.
    pub fn authority(&self) -> Option<(String, u16)> {
        let url = Url::parse(&self.0).ok()?;
        let host = match url.host()? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        Some((host, url.port_or_known_default()?))
    }

    /// Whether the peer is dialled with TLS.
    pub fn is_tls(&self) -> bool {
        self.0.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("wss"))
    }
}

impl PeerUrl {
    /// Whether a client may add this peer over REST: it names no path, and no address that only
    /// this machine's surroundings have.
    ///
    /// # Errors
    /// When it does.
    pub fn check_remote(&self) -> Result<(), PeerUrlError> {
        let bad =
            |reason: &str| Err(PeerUrlError { text: shorten(&self.0), reason: reason.to_owned() });
        let Ok(url) = Url::parse(&self.0) else { return bad("it is no URL") };
        if url.path() != "/" {
            return bad("a path may follow only in the peers file");
        }
        let address: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        if address.is_some_and(is_local_service) {
            return bad("link-local and metadata addresses are refused");
        }
        Ok(())
    }
}

/// Whether an address is link-local, or where clouds tell a machine its secrets. No peer is
/// there, and a request to it is one that a stranger may want this node to make.
pub fn is_local_service(address: IpAddr) -> bool {
    const METADATA: [IpAddr; 4] = [
        IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
        IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
        IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    ];
    let address = address.to_canonical();
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    is_link_local || METADATA.contains(&address)
}

impl FromStr for PeerUrl {
    type Err = PeerUrlError;

    fn from_str(text: &str) -> Result<Self, PeerUrlError> {
        match check(text) {
            Ok(()) => Ok(Self(text.to_owned())),
            Err(reason) => Err(PeerUrlError { text: shorten(text), reason }),
        }
    }
}

fn check(text: &str) -> Result<(), String> {
    if text.len() > MAX_PEER_URL_BYTES {
        return Err(format!("it is longer than {MAX_PEER_URL_BYTES} bytes"));
    }
    // A URL parser mends these; the text as given must mean the same to everybody.
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err("it holds a space, a control character or a backslash".to_owned());
    }
    let rest = text
        .split_once("://")
        .filter(|(scheme, _)| ["ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known)));
    if rest.is_none_or(|(_, rest)| rest.starts_with('/')) {
        return Err("it does not begin with ws:// or wss:// and a host".to_owned());
    }
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.host().is_none_or(|host| matches!(host, Host::Domain(""))) {
        return Err("it names no host".to_owned());
    }
    if url.port() == Some(0) {
        return Err("nobody listens on port 0".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a peer takes no user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a peer address ends before `?` and `#`".to_owned());
    }
    Ok(())
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
