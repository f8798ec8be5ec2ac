//! The branch whose blocks are fetched: its headers in order, and how far each body is.

use std::collections::VecDeque;

use super::branch_pace::BranchPace;
use super::candidate::{Found, Rules, id_of, reproduces};
use super::limits::{
    BODIES_WINDOW, MAX_DOUBLINGS, MAX_IMPORT_BATCH_BLOCKS, MAX_IMPORT_BATCH_BYTES, SOURCE_PATIENCE,
};
use crate::chain::{
    BlockId, Header, Height, RuleError, Timestamp, TipState, ValidBlock, ValidHeader, Work,
};
use crate::sync::{LinkId, Time};

/// A branch above a block that is held. At most one is fetched at a time.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) number: u64,
    /// The link that is asked for more headers.
    pub(super) source: Option<LinkId>,
    /// After the last header.
    head: TipState,
    /// The lowest block that is not imported, and those above it.
    entries: VecDeque<Entry>,
    /// Height of the first entry.
    first: Height,
    /// How many of the first entries are at the writer.
    handed: usize,
    /// No entry below this is missing.
    lowest_missing: usize,
    /// Every entry below this is right, or at the writer.
    front: usize,
    /// Hashes that must come again.
    proof: VecDeque<BlockId>,
    /// The source's tip was reached.
    pub(super) is_whole: bool,
    /// When something moved last.
    pub(super) moved: Time,
    /// When the operator was told last that nothing moves.
    pub(super) told: Time,
    /// Whether a body ever came.
    pub(super) has_begun: bool,
    /// How the front advances.
    pub(super) pace: BranchPace,
    /// Since when more headers are asked for and do not come.
    pub(super) asked: Option<Time>,
    /// The last block imported, or the one below the first.
    pub(super) imported: BlockId,
}

/// One block.
#[derive(Debug)]
struct Entry {
    header: ValidHeader,
    body: Body,
}

/// How far a body is.
#[derive(Debug)]
enum Body {
    /// To be asked for.
    Missing,
    /// Asked for. What is lent is asked of a doubtful link, and of any other one that is free.
    Asked { of: LinkId, is_lent: bool },
    /// It came and is being checked.
    Checking(u64),
    /// It is right.
    Right { block: Box<ValidBlock>, bytes: u64 },
    /// At the writer.
    Handed,
}

/// Blocks for the writer.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) blocks: Vec<ValidBlock>,
    pub(super) bytes: u64,
}

/// What became of a header.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Taken {
    Yes,
    /// It is not the branch of the candidate.
    Differs,
    /// It breaks a rule.
    Breaks(RuleError),
}

impl Download {
    pub(super) fn new(
        number: u64,
        source: LinkId,
        found: Found,
        is_whole: bool,
        now: Time,
    ) -> Self {
        let Found { base, head, headers, proof } = found;
        let entry = |header| Entry { header, body: Body::Missing };
        Self {
            number,
            source: Some(source),
            head,
            first: base.height().next(),
            entries: headers.into_iter().map(entry).collect(),
            handed: 0,
            lowest_missing: 0,
            front: 0,
            proof,
            is_whole,
            moved: now,
            told: now,
            has_begun: false,
            pace: BranchPace::new(now, base.height().next()),
            asked: None,
            imported: id_of(&base),
        }
    }

    /// The last header's block.
    pub(super) const fn head(&self) -> BlockId {
        id_of(&self.head)
    }

    /// The time of that block.
    pub(super) const fn head_time(&self) -> Timestamp {
        self.head.header().timestamp
    }

    /// Work of the chain that ends with the last header.
    pub(super) const fn work(&self) -> Work {
        self.head.total_work()
    }

    /// How many links may be asked for the next headers by now.
    pub(super) fn sources(&self, now: Time) -> usize {
        1 << self.doublings(now).unwrap_or(0).min(MAX_DOUBLINGS)
    }

    /// When there are more of them.
    pub(super) fn more_sources_at(&self, now: Time) -> Option<Time> {
        let doublings = self.doublings(now).filter(|count| *count < MAX_DOUBLINGS)?;
        let wait = SOURCE_PATIENCE.saturating_mul(doublings.saturating_add(1));
        self.asked.map(|asked| asked.plus(wait))
    }

    fn doublings(&self, now: Time) -> Option<u32> {
        let waited = now.0.saturating_sub(self.asked?.0).as_millis();
        let times = waited.checked_div(SOURCE_PATIENCE.as_millis())?;
        Some(u32::try_from(times).unwrap_or(u32::MAX))
    }

    /// Headers whose block was not handed to the writer.
    pub(super) fn ahead(&self) -> usize {
        debug_assert!(self.handed <= self.entries.len(), "only what there is was handed on");
        self.entries.len().saturating_sub(self.handed)
    }

    /// Blocks that are not imported.
    pub(super) fn left(&self) -> usize {
        self.entries.len()
    }

    /// Whether this block is one of those that are not imported.
    pub(super) fn contains(&self, id: BlockId) -> bool {
        self.entry(id.height).is_some_and(|entry| entry.header.hash() == id.hash)
    }

    /// Takes the next header.
    pub(super) fn extend(&mut self, rules: &Rules<'_>, header: &Header) -> Taken {
        match rules.step(&mut self.head, header) {
            Ok(valid) => {
                let height = valid.header().height;
                self.entries.push_back(Entry { header: valid, body: Body::Missing });
                if reproduces(&mut self.proof, height, valid.hash()) {
                    Taken::Yes
                } else {
                    Taken::Differs
                }
            }
            Err(error) => Taken::Breaks(error),
        }
    }

    fn index(&self, height: Height) -> Option<usize> {
        (height >= self.first).then(|| usize::try_from(height.above(self.first)).ok()).flatten()
    }

    fn entry(&self, height: Height) -> Option<&Entry> {
        self.entries.get(self.index(height)?)
    }

    /// The block at a height that is known to be one of this download.
    #[expect(clippy::expect_used, reason = "its callers have found the block at this height")]
    fn known(&mut self, height: Height) -> &mut Entry {
        self.index(height).and_then(|at| self.entries.get_mut(at)).expect("a block of the branch")
    }

    fn height_at(&self, index: usize) -> Height {
        self.first.ahead(index as u64)
    }

    /// The lowest range of bodies to ask for, of at most `max` blocks up to the height `to`:
    /// its first height, length, and last block. What is lent counts for a link that is not
    /// `is_doubtful`, and what is `owed` does not count.
    pub(super) fn next_range(
        &mut self,
        to: Height,
        max: usize,
        is_doubtful: bool,
        owed: &dyn Fn(Height) -> bool,
    ) -> Option<(Height, u32, BlockId)> {
        let end = BODIES_WINDOW.min(self.entries.len());
        let is_free =
            |entry: &Entry| matches!(entry.body, Body::Missing | Body::Asked { is_lent: true, .. });
        let from = self.lowest_missing.max(self.handed);
        let lowest = (from..end).find(|&index| self.entries.get(index).is_some_and(is_free));
        self.lowest_missing = lowest.unwrap_or(end);
        let is_missing = |entry: &Entry| {
            let is_free = match entry.body {
                Body::Missing => true,
                Body::Asked { is_lent, .. } => is_lent && !is_doubtful,
                _ => false,
            };
            is_free && !owed(entry.header.header().height)
        };
        let found = (lowest?..end).find(|&at| self.entries.get(at).is_some_and(is_missing));
        let start = found?;
        let run = self.entries.range(start..end).take(max);
        let run = run.take_while(|entry| is_missing(entry) && entry.header.header().height <= to);
        let last = run.clone().last()?.header;
        let count = u32::try_from(run.count()).ok()?;
        let last = BlockId { height: last.header().height, hash: last.hash() };
        Some((self.height_at(start), count, last))
    }

    /// Notes that these bodies were asked of a link.
    pub(super) fn ask(&mut self, first: Height, count: u32, of: LinkId, is_lent: bool) {
        for offset in 0..u64::from(count) {
            let entry = self.known(first.ahead(offset));
            debug_assert!(matches!(entry.body, Body::Missing | Body::Asked { .. }), "{entry:?}");
            entry.body = Body::Asked { of, is_lent };
        }
    }

    /// Notes that these bodies do not come from a link that was asked.
    pub(super) fn release(&mut self, first: Height, count: u32, from: LinkId) {
        for offset in 0..u64::from(count) {
            let height = first.ahead(offset);
            if self.asked_of(height) == Some(from) {
                self.miss(height);
            }
        }
    }

    /// A body has to be asked for again.
    fn miss(&mut self, height: Height) {
        self.known(height).body = Body::Missing;
        self.lowest_missing = self.index(height).map_or(0, |index| self.lowest_missing.min(index));
    }

    /// Whether a body that came is wanted; its header, if so.
    pub(super) fn wants(&self, height: Height) -> Option<ValidHeader> {
        let entry = self.entry(height)?;
        matches!(entry.body, Body::Missing | Body::Asked { .. }).then_some(entry.header)
    }

    /// The block that the writer waits for.
    pub(super) fn front(&self) -> Option<Height> {
        (self.front < self.entries.len()).then(|| self.height_at(self.front))
    }

    /// Whether a body is to be asked for.
    pub(super) fn misses(&self, height: Height) -> bool {
        self.entry(height).is_some_and(|entry| matches!(entry.body, Body::Missing))
    }

    /// The link that a body was asked of last, when it has not come.
    pub(super) fn asked_of(&self, height: Height) -> Option<LinkId> {
        match self.entry(height)?.body {
            Body::Asked { of, .. } => Some(of),
            _ => None,
        }
    }

    /// Measures the pace of the front.
    pub(super) fn measure(&mut self, now: Time) {
        let front = self.height_at(self.front);
        // Beyond the window, and once all is here, it is the writer that is waited for.
        let is_body = matches!(
            self.entries.get(self.front).map(|entry| &entry.body),
            Some(Body::Missing | Body::Asked { .. })
        );
        let is_header = self.front == self.entries.len() && !self.is_whole;
        let is_awaited = (is_body || is_header) && self.front < BODIES_WINDOW;
        self.pace.measure(now, front, is_awaited);
    }

    pub(super) fn checking(&mut self, height: Height, bytes: u64) {
        self.known(height).body = Body::Checking(bytes);
    }

    /// A body is not taken although it came: to be asked for again, unless another link was asked.
    pub(super) fn refuse(&mut self, height: Height, from: LinkId) {
        self.release(height, 1, from);
    }

    /// A body was found right.
    pub(super) fn right(&mut self, block: ValidBlock) {
        let entry = self.known(block.header().height);
        let Body::Checking(bytes) = entry.body else {
            unreachable!("checked without having come: {entry:?}")
        };
        entry.body = Body::Right { block: Box::new(block), bytes };
        let is_right = |entry: &Entry| matches!(entry.body, Body::Right { .. } | Body::Handed);
        while self.entries.get(self.front).is_some_and(is_right) {
            self.front = self.front.saturating_add(1);
        }
    }

    /// A body was found wrong, or was not checked. Returns its bytes.
    pub(super) fn wrong(&mut self, height: Height) -> u64 {
        let entry = self.known(height);
        let Body::Checking(bytes) = entry.body else {
            unreachable!("checked without having come: {entry:?}")
        };
        self.miss(height);
        bytes
    }

    /// How many blocks could be handed to the writer now.
    pub(super) fn ready(&self) -> usize {
        let (mut count, mut bytes) = (0_usize, 0_u64);
        for entry in self.entries.iter().skip(self.handed).take(MAX_IMPORT_BATCH_BLOCKS) {
            let Body::Right { bytes: more, .. } = &entry.body else { break };
            if count > 0 && bytes.saturating_add(*more) > MAX_IMPORT_BATCH_BYTES {
                break;
            }
            bytes = bytes.saturating_add(*more);
            count = count.saturating_add(1);
        }
        count
    }

    /// Whether there is nothing above the ready blocks.
    pub(super) fn ends_with(&self, count: usize) -> bool {
        self.ahead() == count
    }

    /// Hands this many blocks to the writer, all of which are ready.
    pub(super) fn hand(&mut self, count: usize) -> Batch {
        let mut batch = Batch { blocks: Vec::with_capacity(count), bytes: 0 };
        for entry in self.entries.iter_mut().skip(self.handed).take(count) {
            let body = std::mem::replace(&mut entry.body, Body::Handed);
            let Body::Right { block, bytes } = body else {
                unreachable!("handed to the writer before it was right: {body:?}")
            };
            batch.bytes = batch.bytes.saturating_add(bytes);
            batch.blocks.push(*block);
        }
        self.handed = self.handed.saturating_add(batch.blocks.len());
        batch
    }

    /// The first blocks, up to this one, are imported.
    pub(super) fn imported(&mut self, last: BlockId, now: Time) {
        let Some(count) = self.index(last.height.next()) else { return };
        debug_assert!(count <= self.handed && self.handed <= self.front, "imported in order");
        let count = count.min(self.handed);
        self.entries.drain(..count);
        self.first = self.first.ahead(count as u64);
        self.handed = self.handed.saturating_sub(count);
        self.lowest_missing = self.lowest_missing.saturating_sub(count);
        self.front = self.front.saturating_sub(count);
        self.imported = last;
        self.moved = now;
    }

    /// Bytes of the bodies that are right and were not handed to the writer.
    pub(super) fn right_bytes(&self) -> u64 {
        let bytes = self.entries.iter().map(|entry| match entry.body {
            Body::Right { bytes, .. } => bytes,
            _ => 0,
        });
        bytes.sum()
    }

    /// How far above the lowest block that is not imported bodies were asked for.
    pub(super) fn window(&self) -> u64 {
        let mut looked_at = self.entries.iter().take(BODIES_WINDOW.saturating_add(1));
        let asked = looked_at.rposition(|entry| !matches!(entry.body, Body::Missing));
        asked.map_or(0, |index| index.saturating_add(1) as u64)
    }
}
