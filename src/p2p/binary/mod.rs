//! The binary dialect at the sockets: what comes, what is served, and what is worked out beside
//! the driver.

pub(super) mod body_check;
pub(super) mod import;
pub(super) mod reader;
mod serve;
pub(super) mod writer;
