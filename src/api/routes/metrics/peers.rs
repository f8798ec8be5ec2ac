//! Metrics of links to peers.

use crate::api::events::direction_name;
use crate::api::metrics::exposition::{Exposition, Kind};
use crate::api::routes::peers::dialect_name;
use crate::node::{Dialect, Direction, DiskStatus, LinkInfo, NodeHandle, PeerMetrics};

/// Writes all of them.
pub(super) fn write(
    text: &mut Exposition,
    node: &NodeHandle,
    links: &[LinkInfo],
    disk: Option<DiskStatus>,
) {
    let mut metric = text.metric(Kind::Gauge, "jenny_links", "Live links to peers.");
    for direction in [Direction::Dialled, Direction::Accepted] {
        for dialect in Dialect::ALL {
            let links = links.iter();
            let links = links.filter(|link| (link.direction, link.dialect) == (direction, dialect));
            let labels =
                [("direction", direction_name(direction)), ("dialect", dialect_name(dialect))];
            metric.sample(&labels, links.count());
        }
    }
    text.gauge_if_known(
        "jenny_known_peers",
        "Peers in the address book.",
        disk.map(|disk| disk.known_peers),
    );
    text.gauge("jenny_bans", "Banned addresses, and /64s in IPv6.", node.bans().len());
    write_counts(text, &node.metrics().peers);
}

fn write_counts(text: &mut Exposition, counts: &PeerMetrics) {
    let mut dials = text.metric(
        Kind::Counter,
        "jenny_dials_total",
        "Attempts to reach a peer, by what became of them.",
    );
    dials.sample(&[("outcome", "reached")], counts.dials_reached.get());
    dials.sample(&[("outcome", "failed")], counts.dials_failed.get());
    let mut refused = text.metric(
        Kind::Counter,
        "jenny_refused_peers_total",
        "Connections from peers that were refused, by the reason.",
    );
    for (reason, count) in [
        ("banned", &counts.refused_banned),
        ("full", &counts.refused_full),
        ("owing", &counts.refused_owing),
    ] {
        refused.sample(&[("reason", reason)], count.get());
    }
    text.counter(
        "jenny_peer_faults_total",
        "Links closed because the peer broke the protocol or asked for too much.",
        counts.faults.get(),
    );
    text.counter(
        "jenny_peer_bans_total",
        "Addresses that were banned for a fault.",
        counts.bans.get(),
    );
    let mut bytes = text.metric(
        Kind::Counter,
        "jenny_link_bytes_total",
        "Bytes on links to peers, those that ended included.",
    );
    for dialect in Dialect::ALL {
        let traffic = counts.traffic(dialect);
        for (direction, count) in [("received", &traffic.received), ("sent", &traffic.sent)] {
            let labels = [("direction", direction), ("dialect", dialect_name(dialect))];
            bytes.sample(&labels, count.get());
        }
    }
}
