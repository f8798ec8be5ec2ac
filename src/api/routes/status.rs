//! `GET /v1/status`: what an operator wants at a glance.

use serde::Serialize;
use warp::reply::Response;

use super::call::Call;
use super::peers::show;
use crate::api::context::Context;
use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::chain::{self, BlockId, Height};
use crate::node::{ClockFault, LinkInfo, PeerSplit, ReorgSummary, SyncProgress, SyncState};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    version: &'static str,
    chain: ChainName,
    tip: Tip,
    sync: Sync,
    links: usize,
    mining: Mining,
    check: Check,
    /// Why blocks are refused, if they are.
    refusing: Option<String>,
    clock: Clock,
    /// Branches that wait for the operator.
    deep_forks: Vec<DeepFork>,
    #[serde(rename = "swaps")]
    reorgs: Reorgs,
    answers: ResponseMemory,
    uptime_seconds: u64,
}

#[derive(Serialize)]
struct ChainName {
    name: String,
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tip {
    height: u64,
    hash: String,
    timestamp: u64,
    /// Decimal digits: it outgrows what JSON numbers carry.
    total_work: String,
}

/// This node's tip compared with its peers'.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
enum Sync {
    /// No link to any peer, so nothing to compare the chain with.
    Alone,
    /// No peer has shown the headers of a better chain.
    Current,
    /// A peer stays on another tip, which work does not decide against ours.
    Split(Split),
    /// A branch with more work waits for the operator, since it forks too deep.
    #[serde(rename = "deep-fork")]
    DeepFork(DeepFork),
    /// A peer has shown the headers of a higher block, and nothing is fetched at present.
    Behind {
        /// How many blocks higher.
        remaining: u64,
    },
    /// Headers of a branch are walked to see how much work it has.
    Headers(Fetching),
    /// Blocks are fetched.
    Blocks(Fetching),
}

/// Two tips between which work does not decide.
#[derive(Serialize)]
struct Split {
    ours: BlockName,
    theirs: BlockName,
    peer: String,
    seconds: u64,
}

/// A branch that waits for the operator.
#[derive(Serialize)]
pub(super) struct DeepFork {
    /// The last block that both chains share.
    fork: u64,
    depth: u64,
    /// Of its first block, which names it.
    hash: String,
    tip: BlockName,
    work: String,
}

impl DeepFork {
    pub(super) fn of(deep: &chain::DeepFork) -> Self {
        Self {
            fork: deep.fork.below.get(),
            depth: deep.depth,
            hash: deep.fork.first.to_string(),
            tip: BlockName::of(deep.last),
            work: deep.work.to_string(),
        }
    }
}

/// How fetching goes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fetching {
    at: u64,
    target: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_height: Option<u64>,
    remaining: u64,
    blocks_per_second: f64,
    bytes_per_second: f64,
    eta_seconds: Option<u64>,
    peers: Vec<String>,
    awaited: Option<Awaited>,
}

/// The block that everything waits for.
#[derive(Serialize)]
struct Awaited {
    height: u64,
    peer: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mining {
    queued: usize,
    /// Hashes per second while last mining.
    hash_rate: Option<f64>,
}

/// The background check of the stored chain.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
enum Check {
    Running { height: u64 },
    Done,
}

/// Whether this machine's clock can date blocks.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Clock {
    Ok,
    /// The last block is further ahead of the clock than the chain allows.
    TipAhead {
        ahead_seconds: u64,
        /// Until blocks are mined again, if the clock is right.
        wait_seconds: u64,
    },
    /// The clock moved by itself since the node started.
    Jumped {
        /// Negative when it moved backwards.
        seconds: i64,
    },
}

/// Memory of answers above 64 KiB that are not sent yet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseMemory {
    held_bytes: usize,
    #[serde(rename = "mostBytes")]
    max_bytes: usize,
}

#[derive(Serialize)]
struct Reorgs {
    count: u64,
    recent: Vec<Reorg>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reorg {
    time: u64,
    fork: u64,
    depth: u64,
    #[serde(rename = "displaced")]
    disconnected: Vec<BlockName>,
    new_tip: BlockName,
}

/// A block by height and hash.
#[derive(Serialize)]
pub(super) struct BlockName {
    height: u64,
    hash: String,
}

impl BlockName {
    pub(super) fn of(id: BlockId) -> Self {
        Self { height: id.height.get(), hash: id.hash.to_string() }
    }
}

pub(super) async fn status(call: Call) -> Result<Response, Problem> {
    call.share.json(|| write(&call.context)).await
}

fn write(context: &Context) -> Result<Vec<u8>, Problem> {
    let node = &context.node;
    let now = node.status();
    let links = node.links().table();
    let (held_bytes, max_bytes) = context.answers.held();
    reply::write(&Status {
        version: env!("CARGO_PKG_VERSION"),
        chain: ChainName { name: node.spec().name().to_owned(), id: node.chain_id().to_string() },
        tip: Tip {
            height: now.tip.header.height.get(),
            hash: now.tip.hash.to_string(),
            timestamp: now.tip.header.timestamp.as_millis(),
            total_work: now.tip.total_work.to_string(),
        },
        sync: sync(node.links().progress(), &links, now.tip.header.height, &now.deep_forks),
        links: links.len(),
        mining: Mining { queued: now.mining, hash_rate: now.hash_rate },
        check: now.checking.map_or(Check::Done, |height| Check::Running { height: height.get() }),
        refusing: now.refusing,
        clock: clock(now.clock),
        deep_forks: now.deep_forks.iter().map(DeepFork::of).collect(),
        reorgs: Reorgs { count: now.reorgs, recent: now.recent_reorgs.iter().map(reorg).collect() },
        answers: ResponseMemory { held_bytes, max_bytes },
        uptime_seconds: now.uptime.as_secs(),
    })
}

fn clock(fault: Option<ClockFault>) -> Clock {
    match fault {
        None => Clock::Ok,
        Some(ClockFault::TipAhead { ahead, wait }) => {
            Clock::TipAhead { ahead_seconds: ahead.as_secs(), wait_seconds: wait.as_secs() }
        }
        Some(ClockFault::Jumped { by, forwards }) => {
            let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
            Clock::Jumped { seconds: if forwards { seconds } else { seconds.saturating_neg() } }
        }
    }
}

fn sync(
    progress: SyncProgress,
    links: &[LinkInfo],
    height: Height,
    deep_forks: &[chain::DeepFork],
) -> Sync {
    // Nothing but the operator ends this.
    if let Some(heaviest) = deep_forks.first() {
        return Sync::DeepFork(DeepFork::of(heaviest));
    }
    match progress.state {
        SyncState::Headers => return Sync::Headers(fetching(progress)),
        SyncState::Blocks => return Sync::Blocks(fetching(progress)),
        _ => {}
    }
    if links.is_empty() {
        return Sync::Alone;
    }
    if let Some(PeerSplit { peer, ours, theirs, lasts }) = progress.split {
        return Sync::Split(Split {
            ours: BlockName::of(ours),
            theirs: BlockName::of(theirs),
            peer: show(peer),
            seconds: lasts.as_secs(),
        });
    }
    // What a peer merely says of its tip could be anything.
    match progress.target.above(height) {
        0 => Sync::Current,
        remaining => Sync::Behind { remaining },
    }
}

fn fetching(progress: SyncProgress) -> Fetching {
    Fetching {
        at: progress.at.get(),
        target: progress.target.get(),
        claimed_height: progress.claimed.map(Height::get),
        remaining: progress.remaining,
        blocks_per_second: progress.blocks_per_second,
        bytes_per_second: progress.bytes_per_second,
        eta_seconds: progress.eta.map(|eta| eta.as_secs()),
        peers: progress.links.into_iter().map(show).collect(),
        awaited: progress
            .awaited
            .map(|(height, peer)| Awaited { height: height.get(), peer: peer.map(show) }),
    }
}

fn reorg(reorg: &ReorgSummary) -> Reorg {
    let disconnected = reorg.disconnected.iter();
    Reorg {
        time: reorg.time.as_millis(),
        fork: reorg.fork.get(),
        depth: reorg.depth,
        disconnected: disconnected.copied().map(BlockName::of).collect(),
        new_tip: BlockName::of(reorg.new_tip),
    }
}
