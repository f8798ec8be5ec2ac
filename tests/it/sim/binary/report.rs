//! What a run amounted to: counts, worst figures, and how fast blocks spread.

use std::collections::BTreeMap;
use std::fmt;

use jenny_chain::chain::HEADER_BYTES;
use jenny_chain::sync::message::Message;

use super::arena::Id;
use super::script::Kind;
use crate::sim::clock::{MILLI, Micros};

/// Names of the messages, by [`kind_of`].
const KINDS: [&str; 9] = [
    "Hello",
    "GetHeaders",
    "Headers",
    "GetBlocks",
    "Blocks",
    "NotFound",
    "Announce",
    "GetPeers",
    "Peers",
];

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Report {
    messages: [u64; KINDS.len()],
    sent: u64,
    /// Blocks handed to writers.
    pub(super) connected: u64,
    pub(super) reorgs: u64,
    /// Batches whose parent was gone.
    pub(super) lost: u64,
    pub(super) duplicates: u64,
    pub(super) learned: u64,
    /// Branches given up, by the kind of the peer that was penalized for it; none is an honest node.
    pub(super) withheld: BTreeMap<Option<Kind>, u64>,
    pub(super) stalled: u64,
    pub(super) closes: BTreeMap<(u16, &'static str), u64>,
    /// Bans by the kind of the banned and by the reason.
    pub(super) bans: BTreeMap<(Kind, &'static str), u64>,
    pub(super) worst: Worst,
    mined: BTreeMap<Id, Mined>,
    /// From mining to the main chain of another node, in milliseconds.
    spread: Vec<(Id, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Mined {
    at: Micros,
    /// Whether all of the network could be reached.
    is_measured: bool,
}

/// The largest that was seen.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Worst {
    pub(super) held_and_reserved: u64,
    pub(super) headers: usize,
    pub(super) window: u64,
    pub(super) requests: usize,
    pub(super) waiting: usize,
    pub(super) stored: usize,
}

impl Report {
    /// Counts a message that is sent. Returns its kind.
    pub(super) const fn count(&mut self, message: &Message) -> u64 {
        let kind = kind_of(message);
        self.messages[kind] += 1;
        self.sent += 1;
        kind as u64
    }

    pub(super) const fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn note_mined(&mut self, id: Id, at: Micros, is_measured: bool) {
        self.mined.insert(id, Mined { at, is_measured });
    }

    /// Blocks mined from then on do not count: nodes are about to part.
    pub(super) fn unmeasure(&mut self, since: Micros) {
        for mined in self.mined.values_mut() {
            mined.is_measured &= mined.at < since;
        }
    }

    /// Blocks became part of a node's main chain. Who was away when one was mined had to
    /// come back first: that is not counted.
    pub(super) fn note_spread(&mut self, fresh: &[Id], now: Micros, online_since: Micros) {
        for id in fresh {
            let Some(mined) = self.mined.get(id) else { continue };
            if online_since <= mined.at {
                self.spread.push((*id, (now - mined.at) / MILLI));
            }
        }
    }

    pub(super) fn mined(&self) -> usize {
        self.mined.len()
    }

    /// Times to reach a node, of blocks for which `is_counted`: median, 90th and 99th
    /// percentile, and the longest.
    pub(super) fn percentiles(&self, is_counted: impl Fn(Id) -> bool) -> [u64; 4] {
        let is_measured = |id: Id| self.mined.get(&id).is_some_and(|mined| mined.is_measured);
        let counted = self.spread.iter().filter(|(id, _)| is_measured(*id) && is_counted(*id));
        let mut times: Vec<u64> = counted.map(|(_, time)| *time).collect();
        times.sort_unstable();
        let last = times.len().saturating_sub(1);
        [50, 90, 99, 100].map(|percent| times.get(last * percent / 100).copied().unwrap_or(0))
    }

    /// How often a branch was given up because of one of a kind; none is an honest node.
    pub(super) fn penalized(&self, kind: Option<Kind>) -> u64 {
        self.withheld.get(&kind).copied().unwrap_or(0)
    }

    pub(super) fn bans_of(&self, kind: Kind) -> u64 {
        let of_kind = self.bans.iter().filter(|((banned, _), _)| *banned == kind);
        of_kind.map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} blocks mined,", self.mined())?;
        write!(f, " {} connected in {} reorgs, {} lost;", self.connected, self.reorgs, self.lost)?;
        writeln!(f, " {} duplicate links", self.duplicates)?;
        let messages = KINDS.iter().zip(self.messages);
        for (kind, count) in messages {
            write!(f, "  {kind} {count}")?;
        }
        writeln!(f)?;
        for ((kind, reason), count) in &self.bans {
            writeln!(f, "  banned {count}: {kind:?}, {reason}")?;
        }
        for ((code, reason), count) in &self.closes {
            writeln!(f, "  closed {count}: {code}, {reason}")?;
        }
        for (kind, count) in &self.withheld {
            writeln!(f, "  penalized {count}: {kind:?}")?;
        }
        write!(f, "  {} stalls told;", self.stalled)?;
        write!(f, " at most {:?}", self.worst)
    }
}

const fn kind_of(message: &Message) -> usize {
    match message {
        Message::Hello(_) => 0,
        Message::GetHeaders { .. } => 1,
        Message::Headers(_) => 2,
        Message::GetBlocks { .. } => 3,
        Message::Blocks { .. } => 4,
        Message::NotFound { .. } => 5,
        Message::Announce(_) => 6,
        Message::GetPeers => 7,
        Message::Peers(_) => 8,
        Message::RecordIds(_) | Message::GetRecords(_) | Message::Records(_) => panic!("no relay"),
    }
}

/// About how long the frame is.
pub(super) fn bytes_of(message: &Message) -> u64 {
    let bytes = match message {
        Message::Hello(_) => 160,
        Message::GetHeaders { locator, .. } => 40 + 40 * locator.len(),
        Message::Headers(headers) => 10 + HEADER_BYTES * headers.len(),
        Message::Blocks { bodies, .. } => {
            10 + bodies.iter().map(|body| body.len() + 3).sum::<usize>()
        }
        Message::Announce(_) => 10 + HEADER_BYTES,
        Message::GetBlocks { .. } => 60,
        Message::NotFound { .. } | Message::GetPeers | Message::Peers(_) => 10,
        Message::RecordIds(_) | Message::GetRecords(_) | Message::Records(_) => panic!("no relay"),
    };
    bytes as u64
}
