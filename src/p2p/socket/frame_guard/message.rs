//! The message under way on a link.

use super::LARGE;
use crate::p2p::socket::frame_header::Header;

/// Shorter parts of a message are not worth a frame each: 1 KiB.
pub(super) const SHORT_PART: u64 = 1 << 10;

/// The message under way.
pub(super) struct Message {
    /// Bytes so far, those announced included.
    pub(super) length: u64,
    /// Bytes of its payload that were passed on.
    pub(super) passed: u64,
    /// How many may be.
    pub(super) granted: u64,
    /// Whether it began and has not ended.
    pub(super) is_open: bool,
}

impl Default for Message {
    fn default() -> Self {
        Self { length: 0, passed: 0, granted: LARGE, is_open: false }
    }
}

/// Whether a frame brings nothing, or less than a frame costs. A message in one frame is judged by
/// what it says.
pub(super) const fn is_of_no_use(header: Header) -> bool {
    let is_part = header.is_continuation() || !header.is_final;
    header.is_control() || is_part && header.length < SHORT_PART
}
