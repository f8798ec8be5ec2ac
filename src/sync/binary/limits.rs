//! How often and how much: every number of the binary dialect.

use std::time::Duration;

use crate::chain::Spec;
use crate::sync::message::{Body, MAX_BODY, MAX_RECORD_IDS};

/// Versions of the dialect that this node speaks.
pub(super) const VERSIONS: (u16, u16) = (1, 1);

/// How long a link's Hello is waited for.
pub(super) const HELLO_WITHIN: Duration = Duration::from_secs(5);

/// Of two links to one node the older one stays, unless both are younger than this.
pub(super) const YOUNG: Duration = Duration::from_secs(10);

/// Clocks that are further apart than this are told to the operator: half of what the chains
/// built in allow a block to be ahead.
pub(super) const CLOCK_MILLIS: u64 = 60_000;

/// Links that are asked at a time for headers of other branches than the one that is fetched.
pub(super) const MAX_HEADER_SOURCES: usize = 3;

/// Of these, links that a peer opened: one place is kept for those that we dialled.
pub(super) const MAX_ACCEPTED_HEADER_SOURCES: usize = MAX_HEADER_SOURCES - 1;

/// A link that does not respond holds its place for this long; a later response is used too.
pub(super) const HEADERS_TIMEOUT: Duration = Duration::from_millis(250);

/// Of the branch that is fetched, more links are asked for the same headers after this, and each
/// time it passed again: twice as many.
pub(super) const SOURCE_PATIENCE: Duration = Duration::from_millis(500);

/// How often that doubles, at most: 32 links.
pub(super) const MAX_DOUBLINGS: u32 = 5;

/// How many times as fast as its target a chain is taken to grow, when a peer's claim of its
/// height is bounded.
pub(super) const MAX_PACE: u64 = 2;

/// Headers held ahead of their bodies, at most.
pub(super) const MAX_AHEAD: usize = 4_096;

/// Headers of a candidate that are kept, so that a short branch need not be fetched again.
pub(super) const MAX_FRESH: usize = 2_000;

/// A candidate keeps height and hash of every block whose height is a multiple of this: 40 bytes each.
pub(super) const CANDIDATE_STEP: u64 = 2_000;

/// Headers that one candidate takes before the link is asked no more for a while: bounds the
/// hashes kept, 640 KiB a link.
pub(super) const MAX_CANDIDATE_HEADERS: u64 = 32_768_000;

/// Bodies are asked for this far above the lowest block that is not imported: what a node that
/// is killed fetches again at most.
pub(super) const BODIES_WINDOW: usize = 1_536;

/// Requests for bodies under way on a link, at most.
pub(super) const MAX_REQUESTS: usize = 4;

/// Requests on a link that are under way or late, at most: what is late is still taken.
pub(super) const MAX_OUTSTANDING: usize = 2 * MAX_REQUESTS;

/// Bytes of memory of bodies that came or were asked for and are not imported, of all links
/// together.
pub(super) const BODIES_BUDGET: u64 = 64 << 20;

/// Of these, what is left free for the block that everything waits for.
pub(super) const SPARE: u64 = MAX_BODY_MEMORY;

/// Memory of one body at most: its bytes, and as many records as a chain allows.
pub(super) const MAX_BODY_MEMORY: u64 =
    MAX_BODY as u64 + Spec::MAX_BLOCK_RECORDS as u64 * Body::RECORD;

/// Bytes of bodies that one request is made for.
pub(super) const REQUEST_BYTES: u64 = 4 << 20;

/// Blocks handed to the writer at once, and bytes of their bodies.
pub(super) const MAX_IMPORT_BATCH_BLOCKS: usize = 512;

/// See [`MAX_IMPORT_BATCH_BLOCKS`]; one larger block is handed on alone.
pub(super) const MAX_IMPORT_BATCH_BYTES: u64 = 8 << 20;

/// While one batch is at the writer, a second one of less than this waits for more.
pub(super) const MIN_SECOND_BATCH: usize = 128;

/// Batches at the writer, at most.
pub(super) const MAX_IMPORT_BATCHES: usize = 2;

/// Time for an answer, at first and at least.
pub(super) const FIRST_TIMEOUT: Duration = Duration::from_secs(2);

/// Time for an answer, at most.
pub(super) const LAST_TIMEOUT: Duration = Duration::from_secs(64);

/// The block that everything waits for is requested from another link after this many times the
/// usual time of an answer.
pub(super) const HEDGE_TIMES: u32 = 4;

/// Of large blocks, a part of a response counts as a response when it has this many bytes.
pub(super) const LARGE_PART: u64 = 512 << 10;

/// But not before this. For each [`LARGE_PART`] that came of the answer it has as long again.
pub(super) const HEDGE_AFTER: Duration = Duration::from_millis(100);

/// And after this, when no answer came yet that tells the usual time.
pub(super) const HEDGE_UNKNOWN: Duration = Duration::from_millis(500);

/// How often the pace of a download is measured.
pub(super) const PACE_EVERY: Duration = Duration::from_secs(2);

/// Blocks in order, or headers when all blocks are here, that have to come in this time. Otherwise
/// other branches are examined, and a heavier one takes over. Nobody is closed for it.
pub(super) const PACE_BLOCKS: u64 = 32;

/// Other branches are also examined when a download takes longer than this.
pub(super) const EXAMINE_OTHERS_AFTER: Duration = Duration::from_secs(3);

/// A branch whose front does not move is given up for another one after this.
pub(super) const GIVE_UP: Duration = Duration::from_secs(20);

/// And after this, when no block of it ever came.
pub(super) const WITHHELD: Duration = Duration::from_secs(2);

/// A branch that nobody can have any more is dropped after this, without another one in sight.
pub(super) const GIVE_UP_FIRST: Duration = Duration::from_secs(6);

/// A link that withheld a branch is asked for no headers for this long; twice as long each time.
pub(super) const FIRST_PENALTY: Duration = Duration::from_secs(20);

/// And for this long at most. So is a link that showed a branch without more work.
pub(super) const PENALTY: Duration = Duration::from_secs(300);

/// The watchdog reports when nothing moved for this long.
pub(super) const STALLED: Duration = Duration::from_secs(30);

/// A header from the future is asked for again after this at the latest: its time comes by the
/// wall clock, which may be put right at any moment.
pub(super) const HEADER_RETRY: Duration = Duration::from_secs(30);

/// Pause when the node cannot take blocks.
pub(super) const UNAVAILABLE: Duration = Duration::from_secs(10);

/// Headers and bodies that a peer may have asked for and not got; above it the link is closed.
pub(super) const MAX_SERVING: u32 = 32;

/// How often a link is told addresses.
pub(super) const ADDRESSES_EVERY: Duration = Duration::from_secs(60);

/// How often a link is asked for addresses.
pub(super) const ASK_ADDRESSES_EVERY: Duration = Duration::from_secs(1_800);

/// Blocks that may still be to come while new tips are announced.
pub(super) const NEAR: usize = 16;

/// A link is told of pending records at this rate, and may tell of as many: 500 a second.
pub(super) const IDS_EACH: Duration = Duration::from_millis(2);

/// And of this many at once after a pause.
pub(super) const IDS_BURST: u32 = 4_096;

/// All links together may tell of twice as many.
pub(super) const ALL_IDS_EACH: Duration = Duration::from_millis(1);

/// See [`ALL_IDS_EACH`].
pub(super) const ALL_IDS_BURST: u32 = 8_192;

/// A byte of pending records that a link is asked for or given: 500,000 a second.
pub(super) const TEXT_EACH: Duration = Duration::from_micros(2);

/// Bytes of them at once after a pause: 4 MiB.
pub(super) const TEXT_BURST: u32 = 4 << 20;

/// A byte that all links together are asked for: 1,000,000 a second.
pub(super) const ALL_TEXT_EACH: Duration = Duration::from_micros(1);

/// See [`ALL_TEXT_EACH`]: 8 MiB.
pub(super) const ALL_TEXT_BURST: u32 = 8 << 20;

/// While a rate is used up, ids go on in groups of this many.
pub(super) const IDS_GROUP: usize = 128;

/// Ids that one lookup in the pool and on our chain has, at most.
pub(super) const MAX_LOOKUP_IDS: usize = 256;

/// Ids that a link told of and that wait for a lookup, at most; further ones are dropped, and come
/// again with the next round.
pub(super) const MAX_HEARD_IDS: usize = 4_096;

/// Records that a link is to be asked for, at most.
pub(super) const MAX_QUEUED_RECORDS: usize = 4_096;

/// Records that all links together are to be asked for, at most.
pub(super) const MAX_WANTED_RECORDS: usize = 16_384;

/// Other links that a record is asked of when the first one does not send it, at most.
pub(super) const MAX_OTHER_TELLERS: usize = 3;

/// Records of one request, at most.
pub(super) const MAX_ASKED_RECORDS: usize = MAX_RECORD_IDS;

/// And at least, when those of the one before did not fit into a response: 64 KiB each.
pub(super) const MIN_ASKED_RECORDS: usize = 16;

/// Time for a response with pending records. Then other links are asked for them.
pub(super) const RECORDS_WITHIN: Duration = Duration::from_secs(10);

/// How often a link is told of all own pending records.
pub(super) const ROUND_EVERY: Duration = Duration::from_secs(600);
