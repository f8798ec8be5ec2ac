//! What an IP address says of where it leads: its scope, its network group and its prefix.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address reaches, by the IANA special-purpose address registries (RFC 6890).
///
/// Documentation networks (RFC 5737, RFC 3849) count as global: nothing is routed there, and
/// networks that exist for tests use them in the place of the internet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scope {
    /// Routed on the internet.
    Global,
    /// Routed inside of one network (RFC 1918, RFC 4193, RFC 6598).
    Private,
    /// This machine.
    Loopback,
    /// Never the address of a peer: link-local (cloud metadata services among them), multicast,
    /// unspecified, reserved, or an IPv4 address embedded in an IPv6 one.
    Unusable,
}

/// IPv4 networks that are not global: first address, prefix length, scope.
const V4: [(Ipv4Addr, u32, Scope); 13] = [
    (Ipv4Addr::UNSPECIFIED, 8, Scope::Unusable),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Scope::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Scope::Private),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Scope::Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Scope::Unusable),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Scope::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Scope::Unusable),
    (Ipv4Addr::new(192, 31, 196, 0), 24, Scope::Unusable),
    (Ipv4Addr::new(192, 52, 193, 0), 24, Scope::Unusable),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Scope::Unusable),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Scope::Private),
    // Benchmarking (RFC 2544).
    (Ipv4Addr::new(198, 18, 0, 0), 15, Scope::Private),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3, Scope::Unusable),
];

/// IPv6 networks that are not what the network around them is; the first match counts.
const V6: [(Ipv6Addr, u32, Scope); 5] = [
    (Ipv6Addr::LOCALHOST, 128, Scope::Loopback),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Scope::Private),
    // Protocol assignments (Teredo, ORCHID), 6to4.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Scope::Unusable),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, Scope::Unusable),
    // What is allocated for unicast on the internet (RFC 4291 section 2.4).
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Scope::Global),
];

impl Scope {
    /// The scope of an address; an IPv4 address mapped into IPv6 counts as the IPv4 one.
    pub(super) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let bits = u32::from(ip);
                let within = |net: Ipv4Addr, length: u32| {
                    u32::from(net).checked_shr(32 - length) == bits.checked_shr(32 - length)
                };
                let special = V4.iter().find(|(net, length, _)| within(*net, *length));
                special.map_or(Self::Global, |(_, _, scope)| *scope)
            }
            IpAddr::V6(ip) => {
                let bits = u128::from(ip);
                let within = |net: Ipv6Addr, length: u32| {
                    u128::from(net).checked_shr(128 - length) == bits.checked_shr(128 - length)
                };
                let known = V6.iter().find(|(net, length, _)| within(*net, *length));
                known.map_or(Self::Unusable, |(_, _, scope)| *scope)
            }
        }
    }

    /// Whether a node at an address of this scope may speak of one of scope `other`: its own
    /// network and what lies outside of it, never a network that it cannot be in.
    pub(super) const fn may_speak_of(self, other: Self) -> bool {
        match other {
            Self::Global => true,
            Self::Private => matches!(self, Self::Private | Self::Loopback),
            Self::Loopback => matches!(self, Self::Loopback),
            Self::Unusable => false,
        }
    }
}

/// Addresses that one party is likely to hold together, as far as dialling goes: an IPv4 /16 or
/// an IPv6 /32 (Bitcoin Core's network groups).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum NetGroup {
    /// The first 16 bits.
    V4(u16),
    /// The first 32 bits.
    V6(u32),
}

impl NetGroup {
    /// The group of an address. `None` for loopback and private addresses: the networks of the
    /// operator's own are not a stranger's to fill.
    pub(super) fn of(ip: IpAddr) -> Option<Self> {
        let ip = ip.to_canonical();
        if matches!(Scope::of(ip), Scope::Loopback | Scope::Private) {
            return None;
        }
        Some(match ip {
            IpAddr::V4(ip) => {
                let [first, second, ..] = ip.octets();
                Self::V4(u16::from_be_bytes([first, second]))
            }
            IpAddr::V6(ip) => {
                let [first, second, third, fourth, ..] = ip.octets();
                Self::V6(u32::from_be_bytes([first, second, third, fourth]))
            }
        })
    }
}

/// Addresses that one party is likely to hold together, as far as accepting goes: an IPv4 /16 or an
/// IPv6 /48, which is what a site is assigned (RFC 6177). Loopback and private addresses have groups
/// as any other.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum SiteGroup {
    /// The first 16 bits.
    V4(u16),
    /// The first 48 bits.
    V6([u16; 3]),
}

impl SiteGroup {
    /// The group of an address; an IPv4 address mapped into IPv6 counts as the IPv4 one.
    pub(super) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let [first, second, ..] = ip.octets();
                Self::V4(u16::from_be_bytes([first, second]))
            }
            IpAddr::V6(ip) => {
                let [first, second, third, ..] = ip.segments();
                Self::V6([first, second, third])
            }
        }
    }
}

/// The network of one site: an IPv4 /24 or an IPv6 /64.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Prefix {
    /// The first 24 bits.
    V4(u32),
    /// The first 64 bits.
    V6(u128),
}

impl Prefix {
    /// The prefix of an address; an IPv4 address mapped into IPv6 counts as the IPv4 one.
    pub(super) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(u32::from(ip) >> 8),
            IpAddr::V6(ip) => Self::V6(u128::from(ip) >> 64),
        }
    }
}

#[cfg(test)]
mod tests;
