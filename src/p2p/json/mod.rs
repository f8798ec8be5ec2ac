//! The JSON dialect at the sockets: reading, importing and writing blocks.

pub(super) mod chain_size;
mod import;
mod message;
mod pacing;
mod range;
pub(super) mod reader;
pub(super) mod writer;
