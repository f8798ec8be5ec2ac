//! Metrics of the chain, of mining, of the way to the best chain, and of the disk.

use std::time::Duration;

use crate::api::metrics::exposition::{Exposition, Kind};
use crate::api::routes::status::Sync;
use crate::node::{DiskStatus, MinedBlocks, NodeHandle, NodeStatus};

/// Writes all of them.
pub(super) fn write(
    text: &mut Exposition,
    node: &NodeHandle,
    now: &NodeStatus,
    sync: &Sync,
    disk: Option<DiskStatus>,
) {
    write_chain(text, node, now);
    write_mining(text, now);
    write_records(text, node);
    write_sync(text, sync, now);
    write_storage(text, node, now, disk);
}

fn write_chain(text: &mut Exposition, node: &NodeHandle, now: &NodeStatus) {
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
    text.counter(
        "jenny_reorgs_total",
        "Reorgs of the database, also before the start.",
        now.reorgs,
    );
    let mut depths = text.metric(
        Kind::Histogram,
        "jenny_reorg_depth_blocks",
        "Blocks that each reorg disconnected.",
    );
    depths.histogram(&[], &node.metrics().reorg_depths.snapshot());
    text.gauge(
        "jenny_deep_forks",
        "Branches with more work that wait for the operator.",
        now.deep_forks.len(),
    );
}

fn write_mining(text: &mut Exposition, now: &NodeStatus) {
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
}

fn write_records(text: &mut Exposition, node: &NodeHandle) {
    let pool = node.pool_usage();
    text.gauge("jenny_pool_records", "Records that wait for a block.", pool.records);
    text.gauge("jenny_pool_bytes", "Bytes that these records are charged.", pool.bytes);
    text.gauge(
        "jenny_pool_oldest_seconds",
        "How long the oldest of them has waited.",
        pool.oldest_wait.unwrap_or_default().as_secs_f64(),
    );
    let counts = node.metrics();
    text.counter(
        "jenny_accepted_records_total",
        "New records that were acknowledged to clients.",
        counts.accepted_records.get(),
    );
    text.counter(
        "jenny_restored_records_total",
        "Acknowledged records that reorgs put back into the pool.",
        counts.restored_records.get(),
    );
    let mut relayed = text.metric(
        Kind::Counter,
        "jenny_relayed_records_total",
        "Records that peers relayed and the pool took, and records sent to peers.",
    );
    relayed.sample(&[("direction", "received")], counts.received_records.get());
    relayed.sample(&[("direction", "sent")], counts.sent_records.get());
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

fn write_storage(
    text: &mut Exposition,
    node: &NodeHandle,
    now: &NodeStatus,
    disk: Option<DiskStatus>,
) {
    text.gauge_if_known(
        "jenny_disk_free_bytes",
        "Free bytes of the database's file system.",
        disk.map(|disk| disk.free_bytes),
    );
    text.gauge_if_known(
        "jenny_disk_min_free_bytes",
        "Free bytes below which blocks and records are refused.",
        disk.map(|disk| disk.min_free_bytes),
    );
    let mut commits = text.metric(
        Kind::Histogram,
        "jenny_commit_duration_seconds",
        "Time to make a group of blocks and records durable.",
    );
    commits.histogram(&[], &node.metrics().commits.snapshot());
    let mut imports = text.metric(
        Kind::Histogram,
        "jenny_import_duration_seconds",
        "Time from a batch of blocks of a peer to its outcome.",
    );
    imports.histogram(&[], &node.metrics().imports.snapshot());
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
