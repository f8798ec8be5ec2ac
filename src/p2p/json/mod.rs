//! The JSON dialect at the sockets: reading, importing and writing blocks.

pub(super) mod chain_size;
mod import;
mod message;
mod pacing;
pub(super) mod range;
pub(super) mod reader;
pub(super) mod refused;
pub(super) mod writer;
