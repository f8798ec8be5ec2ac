//! Peers.

use serde_json::{Value, json};

use crate::api::http::problem::Kind;
use crate::api::openapi::{Description, Group, Parameter, Success, number};
use crate::api::routes::bans::{Ban, MAX_SECONDS};
use crate::api::routes::known::{Added, Known};
use crate::api::routes::peers::{Detail, Dialled};

/// The address of a peer for examples.
const EXAMPLE_PEER: &str = "ws://192.0.2.1:7545";

fn address() -> Value {
    json!({"type": "string", "description": "An address such as ws://192.0.2.1:7545."})
}

/// An IP address without a port.
fn ip_address() -> [Value; 2] {
    ["ipv4", "ipv6"].map(|format| json!({"type": "string", "format": format}))
}

pub(in crate::api::routes) fn peers() -> Description {
    let addresses = json!({"type": "array", "items": {"type": "string"}});
    Description::new("listLinkAddresses", Group::Peers, "The addresses of the live links").returns(
        Success::json_of("The addresses.", addresses)
            .example(json!(["192.0.2.1:7545", "[::1]:7545"])),
    )
}

/// What routes that dial one peer have in common.
fn dials(description: Description) -> Description {
    description
        .detail("A peer that is already linked gets no second link. A peer that cannot be reached stays remembered, and the node retries until it is removed.")
        .refuses(&[Kind::InvalidPeer, Kind::PeerOfOtherChain, Kind::PeerUnreachable])
}

pub(in crate::api::routes) fn add_peer() -> Description {
    dials(Description::new("addToPeer", Group::Peers, "Remembers a peer and dials it"))
        .json_body(json!({"peer": address()}), &["peer"], json!({"peer": EXAMPLE_PEER}))
        .returns(
            Success::json_of("There is a link to the peer.", json!({"type": "string"}))
                .example(EXAMPLE_PEER),
        )
}

pub(in crate::api::routes) fn add_peers() -> Description {
    let dialled = json!([
        {"peer": EXAMPLE_PEER, "connected": true},
        {"peer": "ws://192.0.2.2:7545", "connected": false, "error": "why"},
    ]);
    let summary = "Reads the peers file again and dials every peer in it";
    Description::new("addPeers", Group::Peers, summary)
        .drops_body()
        .returns(Success::array::<Dialled>("One entry for each peer.").example(dialled))
        .refuses(&[Kind::PeersFile])
}

pub(in crate::api::routes) fn links() -> Description {
    let link = json!([{
        "address": "192.0.2.1:7545", "direction": "dialled", "dialect": "jenny.postcard.1", "tls": true,
        "agent": "jenny/0.1.0", "tip": {"height": 7, "hash": null}, "rttMillis": 0.4,
        "receivedBytes": 9_120, "sentBytes": 8_011, "since": 1_700_000_000_000_u64,
    }]);
    Description::new("listLinks", Group::Peers, "The live links in detail")
        .detail("`tip` is the last block that the peer named, which is a claim. Members are null while they are unknown.")
        .returns(Success::array::<Detail<'_>>("One entry for each link.").example(link))
}

pub(in crate::api::routes) fn known_peers() -> Description {
    let known = json!([{
        "address": EXAMPLE_PEER, "origin": "named", "linked": false, "lastSuccess": null, "failures": 3,
        "lastError": "connection refused", "nextTry": 1_700_000_000_000_u64,
    }]);
    Description::new("listKnownPeers", Group::Peers, "Every known peer")
        .returns(Success::array::<Known>("The peers, in order of address.").example(known))
        .reads()
}

pub(in crate::api::routes) fn add_known_peer() -> Description {
    let added = json!({"address": EXAMPLE_PEER, "connected": true});
    dials(Description::new("addPeer", Group::Peers, "Remembers a peer and dials it"))
        .json_body(json!({"address": address()}), &["address"], json!({"address": EXAMPLE_PEER}))
        .returns(Success::json::<Added<'_>>("There is a link to the peer.").example(added))
}

pub(in crate::api::routes) fn forget_peer() -> Description {
    let text = "The address, as the list of known peers has it.";
    let address = Parameter::path("address", text, address(), "ws%3A%2F%2F192.0.2.1%3A7545");
    Description::new("forgetPeer", Group::Peers, "Forgets a peer")
        .detail("The link to it is closed, and the node does not dial it again until it is added again or the node restarts.")
        .parameter(address)
        .returns(Success::empty(204, "The peer is forgotten."))
        .reads()
        .refuses(&[Kind::PeerNotFound, Kind::DiskLow])
}

fn ban_example() -> Value {
    let until = 1_700_000_000_000_u64;
    json!({"address": "192.0.2.1", "until": until, "reason": "sends nonsense"})
}

pub(in crate::api::routes) fn bans() -> Description {
    Description::new("listBans", Group::Peers, "The banned IPv4 addresses and IPv6 /64s")
        .returns(Success::array::<Ban>("The bans.").example(json!([ban_example()])))
}

pub(in crate::api::routes) fn add_ban() -> Description {
    let members = json!({
        "address": {"anyOf": ip_address()},
        "seconds": number(1..=MAX_SECONDS),
        "reason": {"type": "string"},
    });
    let example = json!({"address": "192.0.2.1", "seconds": 3_600, "reason": "sends nonsense"});
    Description::new("addBan", Group::Peers, "Bans an IPv4 address or an IPv6 /64")
        .detail("The node closes all links with the address, except links to peers that the operator named. Without `seconds`, a ban lasts one day. A loopback address cannot be banned.")
        .json_body(members, &["address"], example)
        .returns(Success::json::<Ban>("The ban.").example(ban_example()))
        .reads()
        .refuses(&[Kind::TooManyBans, Kind::DiskLow])
}

pub(in crate::api::routes) fn remove_ban() -> Description {
    let [ipv4, ipv6] = ip_address();
    let network = json!({"type": "string", "pattern": "^([0-9a-f]{1,4}:){1,4}:/64$"});
    let text =
        "The address. An IPv6 /64 is named by any of its addresses, or as the list of bans has it.";
    let schema = json!({"anyOf": [ipv4, ipv6, network]});
    Description::new("removeBan", Group::Peers, "Ends a ban")
        .parameter(Parameter::path("address", text, schema, "192.0.2.1"))
        .returns(Success::empty(204, "The address is no longer banned."))
        .reads()
        .refuses(&[Kind::BanNotFound, Kind::DiskLow])
}
