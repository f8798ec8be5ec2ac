//! A scripted peer of the seed's kind, seen from outside: it says what a script tells it to,
//! and compares what the node says, message by message.

mod dialect;
mod limits;
mod link;
mod refusals;
mod rules;
mod script;
mod streams;
mod transcripts;
mod violations;

pub(crate) use link::{Link, Message, Port};
