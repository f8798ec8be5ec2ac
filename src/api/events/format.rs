//! Events as `text/event-stream` has them.

use std::fmt::Write as _;

use serde::Serialize;

use super::filter::Event;
use super::position::Position;
use crate::chain::{ChainHeader, Hash, Spec, write_header_json};

/// How long a client waits before it connects again, in milliseconds.
const RECONNECT_MILLIS: u64 = 2_000;

/// Some of a stream's text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Text(String);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Included {
    id: String,
    height: u64,
    block_hash: String,
    index: u64,
}

impl Text {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    #[cfg(test)]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// What a stream begins with.
    pub(super) fn begin(&mut self, position: &Position) {
        self.line("retry", &RECONNECT_MILLIS.to_string());
        self.move_to(position);
    }

    /// A comment, by which both ends notice that the other one is gone.
    pub(super) fn heartbeat(&mut self) {
        self.0.push_str(":\n\n");
    }

    /// Moves the client to a position without an event: it asks for what follows when it
    /// connects again.
    pub(super) fn move_to(&mut self, position: &Position) {
        self.line("id", &position.to_string());
        self.0.push('\n');
    }

    /// A block joined the main chain, or left it.
    pub(super) fn block(&mut self, after: &Position, event: Event, spec: &Spec, of: &ChainHeader) {
        let mut data = Vec::with_capacity(1_024);
        write_header_json(&mut data, spec, &of.header, &of.hash);
        self.event(Some(after), event, &String::from_utf8_lossy(&data));
    }

    /// A record is in a block that joined the main chain.
    pub(super) fn included(&mut self, after: &Position, id: Hash, of: &ChainHeader, index: u64) {
        let (height, block_hash) = (of.height().get(), of.hash.to_string());
        let data = Included { id: id.to_string(), height, block_hash, index };
        self.json(Some(after), Event::RecordIncluded, &data);
    }

    /// An event with this JSON form. One without a position leaves the client's as it is.
    #[expect(clippy::expect_used, reason = "the values here hold no maps with odd keys")]
    pub(super) fn json<T: Serialize>(&mut self, after: Option<&Position>, event: Event, data: &T) {
        let data = serde_json::to_string(data).expect("plain values");
        self.event(after, event, &data);
    }

    fn event(&mut self, after: Option<&Position>, event: Event, data: &str) {
        if let Some(position) = after {
            self.line("id", &position.to_string());
        }
        self.line("event", event.name());
        self.line("data", data);
        self.0.push('\n');
    }

    /// JSON and the other values have no line ends.
    fn line(&mut self, field: &str, value: &str) {
        // Writing into memory cannot fail.
        let _ = writeln!(self.0, "{field}: {value}");
    }
}
