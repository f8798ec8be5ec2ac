//! One link that records are relayed on.

use std::collections::VecDeque;

use super::bucket::Bucket;
use super::recent::Recent;
use crate::chain::Hash;
use crate::sync::binary::limits::{IDS_BURST, IDS_EACH, MAX_ASKED_RECORDS, TEXT_BURST, TEXT_EACH};
use crate::sync::{RecordPlace, Time};

/// One link that records are relayed on. Of bounded size.
#[derive(Debug)]
pub(super) struct RelayLink {
    pub(super) telling: Telling,
    pub(super) asking: Asking,
    pub(super) serving: Serving,
}

/// What the peer is told of.
#[derive(Debug)]
pub(super) struct Telling {
    /// It was told of the records up to there.
    pub(super) told: Option<RecordPlace>,
    /// Whether records of peers are told of: own ones come first on a new link, alone.
    pub(super) tells_relayed: bool,
    /// Whether there may be records behind `told`.
    pub(super) has_more: bool,
    /// Own records are being told of again.
    pub(super) round: Option<Round>,
    pub(super) next_round: Time,
    /// Ids are being read, or wait for the socket.
    pub(super) step: TellingStep,
    pub(super) ids: Bucket,
}

/// All own records are told of again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    /// Those up to there have been.
    pub(super) after: Option<RecordPlace>,
}

/// What happens to the next ids.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TellingStep {
    Idle,
    /// They are read for a round, or behind `told`.
    Reading {
        is_round: bool,
    },
    /// The socket has yet to take them.
    Sending,
}

/// What the peer told of, and what it is asked for.
#[derive(Debug)]
pub(super) struct Asking {
    /// What it told of and was not looked for yet.
    pub(super) heard: VecDeque<Hash>,
    /// Whether ids are being looked for.
    pub(super) is_looking: bool,
    /// What it told of lately.
    pub(super) recent: Recent,
    /// What is wanted of it.
    pub(super) queue: VecDeque<Hash>,
    pub(super) asked: Option<Asked>,
    /// How many records fitted into its last response.
    pub(super) fitting: usize,
    /// Its records that are on their way into the pool.
    pub(super) taking: Vec<Hash>,
    pub(super) ids: Bucket,
    pub(super) texts: Bucket,
}

/// `GetRecords` under way.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) ids: Vec<Hash>,
    pub(super) until: Time,
    /// Others were asked; what comes is taken all the same.
    pub(super) is_late: bool,
}

/// What the peer asked for.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) is_sending: bool,
    /// To be sent once it may have more.
    pub(super) waiting: Option<Vec<Hash>>,
    pub(super) texts: Bucket,
}

impl RelayLink {
    pub(super) fn new(next_round: Time) -> Self {
        let (ids, texts) = (Bucket::new(IDS_EACH, IDS_BURST), Bucket::new(TEXT_EACH, TEXT_BURST));
        Self {
            telling: Telling {
                told: None,
                tells_relayed: false,
                has_more: true,
                round: None,
                next_round,
                // That we exchange records.
                step: TellingStep::Sending,
                ids,
            },
            asking: Asking {
                heard: VecDeque::new(),
                is_looking: false,
                recent: Recent::default(),
                queue: VecDeque::new(),
                asked: None,
                fitting: MAX_ASKED_RECORDS,
                taking: Vec::new(),
                ids,
                texts,
            },
            serving: Serving { is_sending: false, waiting: None, texts },
        }
    }

    /// Whether it did not respond in time and has not since.
    pub(super) fn is_late(&self) -> bool {
        self.asking.asked.as_ref().is_some_and(|asked| asked.is_late)
    }
}
