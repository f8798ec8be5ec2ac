//! The JSON dialect at the sockets: reading, importing and writing blocks.

pub(super) mod chain_size;
mod import;
mod message;
mod range;
pub(super) mod reader;
mod tip_responses;
pub(super) mod writer;
