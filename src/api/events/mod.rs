//! Server-Sent Events: the chain from a position on, and the peers as they come and go.
//!
//! Nothing is buffered for a client. What it has received is a [`Position`] in the chain, and
//! [`path`] reads the events between that position and the durable tip as the socket takes them.

mod feed;
mod filter;
mod format;
mod network;
mod path;
mod position;
mod slots;
mod stream;

pub(super) use feed::{End, Feed};
pub(super) use filter::{Event, Filter};
pub(super) use network::{direction_name, show};
pub(super) use position::Position;
pub(super) use slots::EventSlots;
pub(super) use stream::EventStream;
