//! The bytes of keys and values in the tree `peers`, as `docs/storage.md` draws them.

use std::net::{IpAddr, Ipv6Addr};

use super::ban::Ban;
use super::book_entry::BookEntry;
use crate::chain::Timestamp;
use crate::store::StoreError;

/// Before a peer's address in `peers`: it was added or reached.
pub(super) const PEER_KNOWN: &[u8] = b"a";
/// Before a peer's address in `peers`: another peer gave it, and it was never reached.
pub(super) const PEER_LEARNED: &[u8] = b"l";
/// Before a peer's address in `peers`, with no value: it is dialled first after a restart.
pub(super) const PEER_ANCHOR: &[u8] = b"n";
/// Before an IP address in `peers`: it is banned for a fault.
pub(super) const PEER_BANNED: &[u8] = b"b";
/// Before an IP address in `peers`: the operator banned it.
pub(super) const PEER_BANNED_BY_OPERATOR: &[u8] = b"o";

/// `a`, or `l` for a learned one, and a peer's address.
pub(super) fn peer_key(address: &str, learned: bool) -> Vec<u8> {
    let tag = if learned { PEER_LEARNED } else { PEER_KNOWN };
    [tag, address.as_bytes()].concat()
}

/// A peer's key; its last success and failures, big-endian.
pub(super) fn encode_peer(entry: &BookEntry) -> (Vec<u8>, Vec<u8>) {
    let mut value = entry.last_success.to_be_bytes().to_vec();
    value.extend_from_slice(&entry.failures.to_be_bytes());
    (peer_key(&entry.address, entry.learned), value)
}

/// Reads what [`encode_peer`] wrote.
pub(super) fn decode_peer(key: &[u8], value: &[u8]) -> Result<BookEntry, StoreError> {
    let learned = key.starts_with(PEER_LEARNED);
    let tag = if learned { PEER_LEARNED } else { PEER_KNOWN };
    let parts = key.strip_prefix(tag).and_then(|address| {
        let (last_success, failures) = value.split_first_chunk()?;
        let last_success = u64::from_be_bytes(*last_success);
        let address = std::str::from_utf8(address).ok()?.to_owned();
        let failures = u32::from_be_bytes(failures.try_into().ok()?);
        Some(BookEntry { address, last_success, failures, learned })
    });
    let what = "an entry of the address book does not decode";
    parts.ok_or_else(|| StoreError::Damaged { what: what.to_owned() })
}

/// `b`, or `o` for a ban of the operator's, and an IP address, IPv4 mapped into IPv6.
pub(super) fn ban_key(address: IpAddr, by_operator: bool) -> Vec<u8> {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let tag = if by_operator { PEER_BANNED_BY_OPERATOR } else { PEER_BANNED };
    [tag, &address.octets()].concat()
}

/// A ban's key; its end, big-endian, and its reason.
pub(super) fn encode_ban(ban: &Ban) -> (Vec<u8>, Vec<u8>) {
    let end = ban.until.as_millis().to_be_bytes();
    (ban_key(ban.address, ban.by_operator), [&end, ban.reason.as_bytes()].concat())
}

/// Reads what [`encode_ban`] wrote.
pub(super) fn decode_ban(key: &[u8], value: &[u8]) -> Result<Ban, StoreError> {
    let by_operator = key.starts_with(PEER_BANNED_BY_OPERATOR);
    let tag = if by_operator { PEER_BANNED_BY_OPERATOR } else { PEER_BANNED };
    let parts = key.strip_prefix(tag).and_then(|address| {
        let address: [u8; 16] = address.try_into().ok()?;
        let (until, reason) = value.split_first_chunk()?;
        Some(Ban {
            address: IpAddr::from(Ipv6Addr::from(address)).to_canonical(),
            until: Timestamp::from_millis(u64::from_be_bytes(*until)),
            reason: std::str::from_utf8(reason).ok()?.to_owned(),
            by_operator,
        })
    });
    parts.ok_or_else(|| StoreError::Damaged { what: "a ban does not decode".to_owned() })
}

#[cfg(test)]
mod tests;
