//! A scripted peer of the seed's kind, seen from outside: it says what a script tells it to,
//! and compares what the node says, message by message.

mod branch;
mod dialect;
mod limits;
mod link;
mod node;
mod refusals;
mod rules;
mod script;
mod streams;
mod transcripts;

pub(crate) use branch::Branch;
pub(crate) use link::{Link, Message, Port};
pub(crate) use node::{PeerNode, Settings};
