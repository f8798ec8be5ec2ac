//! A ban: an IP address that no link is taken from or made to for a time. In IPv6 that is a /64, of
//! which a peer has every address.

use std::net::{IpAddr, Ipv6Addr};

use crate::chain::Timestamp;

/// An IPv4 address or an IPv6 /64 that is kept out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ban {
    /// Whose; IPv4 as such, also when it came mapped into IPv6. Of a /64 the first address, once the
    /// ban was made.
    pub address: IpAddr,
    /// When it ends.
    pub until: Timestamp,
    /// What the peer did, at most 128 bytes.
    pub reason: String,
    /// Whether the operator made it: it gives its place to no other ban.
    pub by_operator: bool,
}

impl Ban {
    /// Who is banned with an address: an IPv4 address by itself, an IPv6 address with its /64, as the
    /// first address of that.
    pub fn network(address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        }
    }

    /// Whom it keeps out, as text: `192.0.2.1` or `2001:db8::/64`.
    pub fn subject(&self) -> String {
        let network = Self::network(self.address);
        if network.is_ipv6() { format!("{network}/64") } else { network.to_string() }
    }
}
