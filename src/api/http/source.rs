//! Which clients are counted as one.

use std::net::IpAddr;

/// Who is counted as one: an IPv4 address, or an IPv6 /64, which is what one
/// customer usually holds (RFC 6177).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(in crate::api) struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) >> 64 << 64;
                Self(IpAddr::V6(network.into()))
            }
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}
