//! `GET /metrics`: what a program watches over time. `docs/metrics.md` lists every metric.

use std::time::Duration;

use warp::reply::Response;

use super::call::Call;
use super::peers::dialect_name;
use super::status::{Sync, sync};
use crate::api::context::Context;
use crate::api::events::direction_name;
use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::api::metrics::exposition::{Exposition, Kind};
use crate::api::metrics::process::resident_bytes;
use crate::node::{Dialect, Direction, DiskStatus, LinkInfo, MinedBlocks, NodeHandle, NodeStatus};

/// The text is a few hundred lines at most: as many as the code and the table of routes give
/// rise to, whatever clients and peers do.
pub(super) async fn metrics(call: Call) -> Result<Response, Problem> {
    let Context { node, answers, connections, long_requests, requests, .. } = &*call.context;
    // A node that has failed tells the rest, and that it has failed.
    let disk = node.disk_status().await.ok();
    let (now, links) = (node.status(), node.links().table());
    let progress = node.links().progress();
    let sync = sync(progress, &links, now.tip.header.height, &now.deep_forks);

    let mut text = Exposition::default();
    write_process(&mut text, node, &now);
    write_chain(&mut text, &now);
    write_mining(&mut text, node, &now);
    write_sync(&mut text, &sync, &now);
    write_peers(&mut text, node, &links, disk);
    write_storage(&mut text, &now, disk);
    text.gauge("jenny_api_connections", "Open connections to the API.", connections.count());
    text.gauge(
        "jenny_api_long_requests",
        "Requests that wait for records, follow events or read the whole chain.",
        long_requests.count(),
    );
    let (held_bytes, max_bytes) = answers.held();
    text.gauge(
        "jenny_api_response_memory_bytes",
        "Memory of responses above 64 KiB that are not sent yet.",
        held_bytes,
    );
    text.gauge(
        "jenny_api_response_memory_max_bytes",
        "Most memory that these responses may occupy.",
        max_bytes,
    );
    let mut counts = text.metric(
        Kind::Counter,
        "jenny_api_requests_total",
        "Requests, by the pattern of their route and the class of their status.",
    );
    for (path, outcome, count) in requests.all() {
        counts.sample(&[("route", path), ("status", outcome)], count);
    }
    Ok(reply::exposition(text))
}

fn write_process(text: &mut Exposition, node: &NodeHandle, now: &NodeStatus) {
    let mut info = text.metric(Kind::Gauge, "jenny_build_info", "The program, always 1.");
    info.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    let mut info = text.metric(Kind::Gauge, "jenny_chain_info", "The chain, always 1.");
    info.sample(&[("name", node.spec().name()), ("id", &node.chain_id().to_string())], 1);
    text.gauge("jenny_uptime_seconds", "Time since the node started.", now.uptime.as_secs_f64());
    text.gauge_if_known(
        "jenny_process_resident_memory_bytes",
        "Resident memory of the process.",
        resident_bytes(),
    );
}

fn write_chain(text: &mut Exposition, now: &NodeStatus) {
    let header = &now.tip.header;
    text.gauge("jenny_tip_height", "Height of the tip.", header.height.get());
    text.gauge(
        "jenny_tip_timestamp_seconds",
        "Time that the tip's miner gave it, since the epoch.",
        Duration::from_millis(header.timestamp.as_millis()).as_secs_f64(),
    );
    text.gauge(
        "jenny_tip_work_hashes",
        "Expected number of hashes of the main chain.",
        now.tip.total_work,
    );
    text.counter("jenny_reorgs_total", "Reorgs since the node started.", now.reorgs);
    text.gauge(
        "jenny_deep_forks",
        "Branches with more work that wait for the operator.",
        now.deep_forks.len(),
    );
}

fn write_mining(text: &mut Exposition, node: &NodeHandle, now: &NodeStatus) {
    text.gauge(
        "jenny_mining_queued_requests",
        "Requests that wait to be mined, the one at work included.",
        now.mining,
    );
    text.gauge_if_known(
        "jenny_mining_hashes_per_second",
        "Hash rate while the node last mined.",
        now.hash_rate,
    );
    let MinedBlocks { requests, pool, empty } = now.mined;
    let mut mined = text.metric(
        Kind::Counter,
        "jenny_mined_blocks_total",
        "Blocks that the node mined, by what for.",
    );
    for (kind, count) in [("request", requests), ("pool", pool), ("empty", empty)] {
        mined.sample(&[("kind", kind)], count);
    }
    let pool = node.pool_usage();
    text.gauge("jenny_pool_records", "Records that wait for a block.", pool.records);
    text.gauge("jenny_pool_bytes", "Bytes that these records are charged.", pool.bytes);
    text.gauge(
        "jenny_pool_oldest_seconds",
        "How long the oldest of them has waited.",
        pool.oldest_wait.unwrap_or_default().as_secs_f64(),
    );
}

fn write_sync(text: &mut Exposition, sync: &Sync, now: &NodeStatus) {
    let mut states =
        text.metric(Kind::Gauge, "jenny_sync_state", "1 for the state of the node, else 0.");
    for state in Sync::STATES {
        states.flag(&[("state", state)], state == sync.state());
    }
    text.gauge(
        "jenny_sync_remaining_blocks",
        "Blocks still to be fetched whose headers were checked.",
        sync.remaining(),
    );
    let mut refusing = text.metric(
        Kind::Gauge,
        "jenny_refusing",
        "1 while blocks are refused for this reason, else 0.",
    );
    refusing.flag(&[("reason", "disk")], now.is_disk_low);
    refusing.flag(&[("reason", "clock")], now.clock.is_some());
    refusing.flag(&[("reason", "failure")], now.has_failed);
}

fn write_peers(
    text: &mut Exposition,
    node: &NodeHandle,
    links: &[LinkInfo],
    disk: Option<DiskStatus>,
) {
    let mut metric = text.metric(Kind::Gauge, "jenny_links", "Live links to peers.");
    for direction in [Direction::Dialled, Direction::Accepted] {
        for dialect in [Dialect::Json, Dialect::JennyJson, Dialect::Binary] {
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
}

fn write_storage(text: &mut Exposition, now: &NodeStatus, disk: Option<DiskStatus>) {
    text.gauge_if_known(
        "jenny_disk_free_bytes",
        "Free bytes of the database's file system.",
        disk.map(|disk| disk.free_bytes),
    );
    text.gauge(
        "jenny_index_lag_blocks",
        "Blocks of the main chain that are not indexed yet.",
        now.tip.header.height.above(now.indexed),
    );
    text.gauge(
        "jenny_check_running",
        "1 while the background check of the stored chain runs, else 0.",
        u8::from(now.checking.is_some()),
    );
}
