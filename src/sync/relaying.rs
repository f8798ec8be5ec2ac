//! What the relay of pending records is told, and what it wants done with the pool.

use std::sync::Arc;

use super::LinkId;
use crate::chain::Hash;

/// Where a record is in the pool: the larger one came later.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RecordPlace {
    /// Its batch.
    pub batch: u64,
    /// Its index in the batch.
    pub index: u32,
}

/// Something that happened to pending records.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RelayInput {
    /// Records are relayed to this peer and taken from it, for as long as the link lasts.
    Allowed {
        /// The link.
        link: LinkId,
    },
    /// Records entered the pool or left it.
    PoolChanged,
    /// The result of [`RelayOutput::ReadPool`].
    PoolRead {
        /// As asked.
        link: LinkId,
        /// Records that wait, oldest first.
        ids: Vec<Hash>,
        /// The place of the last record that was read; `after` if there was none.
        next: Option<RecordPlace>,
        /// Whether no more wait behind it for now.
        is_end: bool,
    },
    /// The result of [`RelayOutput::FindUnknown`].
    Unknown {
        /// As asked.
        link: LinkId,
        /// Those that are neither in the pool nor on our chain, in their order.
        ids: Vec<Hash>,
    },
    /// The result of [`RelayOutput::Take`]: the pool has what it had room for.
    Taken {
        /// As asked.
        link: LinkId,
    },
    /// The result of [`super::BinaryOutgoing::RecordIds`]: the socket took it.
    IdsSent {
        /// To whom.
        link: LinkId,
    },
    /// The result of [`super::BinaryOutgoing::Records`]: the socket took it.
    RecordsSent {
        /// To whom.
        link: LinkId,
        /// Bytes of the records.
        bytes: usize,
    },
}

/// Something to do with pending records. Each is done once for a link before the next of its kind
/// is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RelayOutput {
    /// Read ids of the pool, and say [`RelayInput::PoolRead`].
    ReadPool {
        /// Those behind this place, `None` for all.
        after: Option<RecordPlace>,
        /// Whether records that peers relayed are left out.
        own_only: bool,
        /// How many ids at most.
        max: usize,
    },
    /// Find those of these records that are neither in the pool nor on our chain, and say
    /// [`RelayInput::Unknown`].
    FindUnknown {
        /// The ids.
        ids: Vec<Hash>,
    },
    /// Take records into the pool, and say [`RelayInput::Taken`].
    Take {
        /// Ids and records, all different.
        records: Vec<(Hash, Arc<str>)>,
    },
}
