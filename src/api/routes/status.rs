//! `GET /v1/status`: what an operator wants at a glance.

use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::{Call, Caller};
use super::certificates::{PortCertificate, certificates};
use super::stopped::Stopped;
use crate::api::auth::users::Role;
use crate::api::context::Context;
use crate::api::events::show;
use crate::api::explorer::EXPLORER;
use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::chain::{self, BlockId, Hash, Height, Timestamp};
use crate::node::{ClockFault, LinkInfo, PeerSplit, ReorgSummary, SyncProgress, SyncState};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    version: &'static str,
    /// Names the folder of the explorer's files, which changes with any of them.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    explorer: &'static str,
    /// The stopped node of which this is a read-only view, null for a node that runs.
    #[schema(required)]
    stopped: Option<Stopped>,
    /// Who asks.
    you: You,
    chain: ChainName,
    tip: Tip,
    sync: Sync,
    links: usize,
    mining: Mining,
    pool: Pool,
    check: Check,
    index: Index,
    /// Why blocks are refused, if they are.
    #[schema(required)]
    refusing: Option<String>,
    clock: Clock,
    /// Branches that wait for the operator.
    deep_forks: Vec<DeepFork>,
    #[serde(rename = "swaps")]
    reorgs: Reorgs,
    /// Of the ports that speak TLS.
    certificates: Vec<PortCertificate>,
    answers: ResponseMemory,
    uptime_seconds: u64,
}

/// The user whose credentials a request carries.
#[derive(Serialize, ToSchema)]
struct You {
    name: String,
    role: Role,
    /// Whether these are the default credentials, which everybody knows.
    default: bool,
}

#[derive(Serialize, ToSchema)]
struct ChainName {
    name: String,
    id: Hash,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Tip {
    height: Height,
    hash: Hash,
    timestamp: Timestamp,
    /// Decimal digits: it outgrows what JSON numbers carry.
    #[schema(pattern = "^[0-9]+$")]
    total_work: String,
}

/// This node's tip compared with its peers'.
#[derive(Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "camelCase")]
pub(super) enum Sync {
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
#[derive(Serialize, ToSchema)]
pub(super) struct Split {
    ours: BlockId,
    theirs: BlockId,
    peer: String,
    seconds: u64,
}

/// A branch that waits for the operator.
#[derive(Serialize, ToSchema)]
pub(super) struct DeepFork {
    /// The last block that both chains share.
    fork: Height,
    depth: u64,
    /// Of its first block, which names it.
    hash: Hash,
    tip: BlockId,
    work: String,
}

impl DeepFork {
    pub(super) fn of(deep: &chain::DeepFork) -> Self {
        Self {
            fork: deep.fork.below,
            depth: deep.depth,
            hash: deep.fork.first,
            tip: deep.last,
            work: deep.work.to_string(),
        }
    }
}

/// How fetching goes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fetching {
    at: Height,
    target: Height,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    claimed_height: Option<Height>,
    remaining: u64,
    blocks_per_second: f64,
    bytes_per_second: f64,
    #[schema(required)]
    eta_seconds: Option<u64>,
    peers: Vec<String>,
    #[schema(required)]
    awaited: Option<Awaited>,
}

/// The block that everything waits for.
#[derive(Serialize, ToSchema)]
struct Awaited {
    height: Height,
    #[schema(required)]
    peer: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Mining {
    /// Whether pending records are mined.
    enabled: bool,
    queued: usize,
    /// Hashes per second while last mining.
    #[schema(required)]
    hash_rate: Option<f64>,
}

/// The records that wait for a block.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pool {
    records: usize,
    /// What they are charged, their texts and a little each.
    bytes: u64,
    /// Since the node started, if they are older.
    #[schema(required)]
    oldest_wait_seconds: Option<u64>,
}

/// The background check of the stored chain.
#[derive(Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "camelCase")]
enum Check {
    Running { height: Height },
    Done,
}

/// How far blocks and records are found by hash.
#[derive(Serialize, ToSchema)]
struct Index {
    height: Height,
    /// Blocks above that.
    lag: u64,
}

/// Whether this machine's clock can date blocks.
#[derive(Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "camelCase")]
enum Clock {
    Ok,
    /// The last block is further ahead of the clock than the chain allows.
    #[serde(rename_all = "camelCase")]
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
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ResponseMemory {
    held_bytes: usize,
    #[serde(rename = "mostBytes")]
    max_bytes: usize,
}

#[derive(Serialize, ToSchema)]
struct Reorgs {
    count: u64,
    recent: Vec<Reorg>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reorg {
    time: Timestamp,
    fork: Height,
    depth: u64,
    #[serde(rename = "displaced")]
    disconnected: Vec<BlockId>,
    new_tip: BlockId,
}

impl Sync {
    /// Every state, as `state` names it.
    pub(super) const STATES: [&str; 7] =
        ["alone", "current", "split", "deep-fork", "behind", "headers", "blocks"];

    /// Returns what `state` says.
    pub(super) const fn state(&self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Current => "current",
            Self::Split(_) => "split",
            Self::DeepFork(_) => "deep-fork",
            Self::Behind { .. } => "behind",
            Self::Headers(_) => "headers",
            Self::Blocks(_) => "blocks",
        }
    }

    /// Returns how many blocks are still to be fetched, as far as their headers were checked.
    pub(super) const fn remaining(&self) -> u64 {
        match self {
            Self::Alone | Self::Current | Self::Split(_) | Self::DeepFork(_) => 0,
            Self::Behind { remaining } => *remaining,
            Self::Headers(fetching) | Self::Blocks(fetching) => fetching.remaining,
        }
    }
}

pub(super) async fn status(call: Call) -> Result<Response, Problem> {
    call.share.json(async || write(&call.context, &call.caller)).await
}

fn write(context: &Context, caller: &Caller) -> Result<Vec<u8>, Problem> {
    let node = &context.node;
    let role = caller.role.ok_or_else(Problem::internal)?;
    let now = node.status();
    let (links, pool) = (node.links().table(), node.pool_usage());
    let (held_bytes, max_bytes) = context.answers.held();
    reply::write(&Status {
        version: env!("CARGO_PKG_VERSION"),
        explorer: EXPLORER.version(),
        stopped: node.stopped().map(Stopped::of),
        you: You { name: caller.user.clone(), role, default: caller.is_default },
        chain: ChainName { name: node.spec().name().to_owned(), id: node.chain_id() },
        tip: Tip {
            height: now.tip.header.height,
            hash: now.tip.hash,
            timestamp: now.tip.header.timestamp,
            total_work: now.tip.total_work.to_string(),
        },
        sync: sync(node.links().progress(), &links, now.tip.header.height, &now.deep_forks),
        links: links.len(),
        mining: Mining { enabled: now.mines_pool, queued: now.mining, hash_rate: now.hash_rate },
        pool: Pool {
            records: pool.records,
            bytes: pool.bytes,
            oldest_wait_seconds: pool.oldest_wait.map(|wait| wait.as_secs()),
        },
        check: now.checking.map_or(Check::Done, |height| Check::Running { height }),
        index: Index { height: now.indexed, lag: now.tip.header.height.above(now.indexed) },
        refusing: now.refusing,
        clock: clock(now.clock),
        deep_forks: now.deep_forks.iter().map(DeepFork::of).collect(),
        reorgs: Reorgs {
            count: now.reorgs,
            recent: now.recent_reorgs.iter().map(Reorg::of).collect(),
        },
        certificates: certificates(context),
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

/// Compares this node's tip with its peers'.
pub(super) fn sync(
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
        return Sync::Split(Split { ours, theirs, peer: show(peer), seconds: lasts.as_secs() });
    }
    // What a peer merely says of its tip could be anything.
    match progress.target.above(height) {
        0 => Sync::Current,
        remaining => Sync::Behind { remaining },
    }
}

fn fetching(progress: SyncProgress) -> Fetching {
    Fetching {
        at: progress.at,
        target: progress.target,
        claimed_height: progress.claimed,
        remaining: progress.remaining,
        blocks_per_second: progress.blocks_per_second,
        bytes_per_second: progress.bytes_per_second,
        eta_seconds: progress.eta.map(|eta| eta.as_secs()),
        peers: progress.links.into_iter().map(show).collect(),
        awaited: progress.awaited.map(|(height, peer)| Awaited { height, peer: peer.map(show) }),
    }
}

impl Reorg {
    pub(super) fn of(reorg: &ReorgSummary) -> Self {
        Self {
            time: reorg.time,
            fork: reorg.fork,
            depth: reorg.depth,
            disconnected: reorg.disconnected.clone(),
            new_tip: reorg.new_tip,
        }
    }
}
