//! Addresses to listen on, as people write them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};

/// An address to listen on: `IP:PORT`, `localhost:PORT`, or `:PORT`, which keeps the default
/// address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Listen {
    ip: Option<IpAddr>,
    port: u16,
}

/// A text that is no address to listen on.
#[derive(Debug, thiserror::Error)]
#[error("write IP:PORT, localhost:PORT or :PORT, for example 127.0.0.1:3000 or [::1]:3000")]
pub(super) struct NoAddress;

impl Listen {
    /// The address, on `default` where none was written.
    pub(super) fn on(self, default: IpAddr) -> SocketAddr {
        SocketAddr::new(self.ip.unwrap_or(default), self.port)
    }
}

impl FromStr for Listen {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { ip: Some(address.ip()), port: address.port() });
        }
        let (host, port) = text.rsplit_once(':').ok_or(NoAddress)?;
        let is_plain = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_plain).ok_or(NoAddress)?;
        let ip = match host {
            "" => None,
            "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            _ => return Err(NoAddress),
        };
        Ok(Self { ip, port })
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self { ip: Some(address.ip()), port: address.port() }
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| D::Error::custom(format_args!("`{text}`: {error}")))
    }
}

#[cfg(test)]
mod tests;
