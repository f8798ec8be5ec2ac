//! Which events a client wants.

use crate::api::http::problem::{Kind, Problem};
use crate::chain::Hash;

/// What happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum Event {
    BlockConnected,
    BlockDisconnected,
    RecordIncluded,
    PeerConnected,
    PeerDisconnected,
    SyncProgress,
}

/// Which events a client wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::api) struct Filter {
    events: Vec<Event>,
    /// Of the included records only the one with this id.
    pub(super) record: Option<Hash>,
}

impl Event {
    const ALL: [Self; 6] = [
        Self::BlockConnected,
        Self::BlockDisconnected,
        Self::RecordIncluded,
        Self::PeerConnected,
        Self::PeerDisconnected,
        Self::SyncProgress,
    ];

    /// What a record's fate depends on.
    const OF_A_RECORD: [Self; 2] = [Self::BlockDisconnected, Self::RecordIncluded];

    /// Returns the name of every event.
    pub(in crate::api) fn names() -> [&'static str; Self::ALL.len()] {
        Self::ALL.map(Self::name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::BlockConnected => "block.connected",
            Self::BlockDisconnected => "block.disconnected",
            Self::RecordIncluded => "record.included",
            Self::PeerConnected => "peer.connected",
            Self::PeerDisconnected => "peer.disconnected",
            Self::SyncProgress => "sync.progress",
        }
    }
}

impl Filter {
    /// Reads the values of `types` and `record`. Without `types` all events are wanted, or with a
    /// `record` those that tell its fate.
    ///
    /// # Errors
    /// 400 for an unknown type, or when the record is not an id.
    pub(in crate::api) fn parse(
        types: Option<&str>,
        record: Option<&str>,
    ) -> Result<Self, Problem> {
        let record = record.map(|id| {
            id.parse().map_err(|_| {
                let detail = "`record` must be a record's id, 64 lower-case hexadecimal digits";
                Problem::new(Kind::InvalidParameter, detail).at("record")
            })
        });
        let record = record.transpose()?;
        let events = match (types, record) {
            (Some(types), _) => types.split(',').map(parse_event).collect::<Result<_, _>>()?,
            (None, Some(_)) => Event::OF_A_RECORD.to_vec(),
            (None, None) => Event::ALL.to_vec(),
        };
        Ok(Self { events, record })
    }

    /// Whether such events are wanted.
    pub(super) fn has(&self, event: Event) -> bool {
        self.events.contains(&event)
    }
}

fn parse_event(name: &str) -> Result<Event, Problem> {
    Event::ALL.into_iter().find(|event| event.name() == name).ok_or_else(|| {
        let names = Event::names().join(", ");
        let detail = format!("`types` is a list of these, separated by commas: {names}");
        Problem::new(Kind::InvalidParameter, detail).at("types")
    })
}

#[cfg(test)]
mod tests;
