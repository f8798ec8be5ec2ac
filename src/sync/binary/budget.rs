//! How much memory bodies take: those that are here, and those that were asked for.

use super::limits::{BODIES_BUDGET, MAX_BODY_MEMORY, SPARE};

/// The bytes of all links together, at most [`BODIES_BUDGET`].
#[derive(Debug)]
pub(super) struct Budget {
    /// Bytes of bodies that came and are not imported.
    held: u64,
    /// Bytes reserved for bodies that were asked for.
    reserved: u64,
    /// What a body is likely to take, in bytes.
    estimate: u64,
}

impl Budget {
    pub(super) const fn new(estimate: u64) -> Self {
        Self { held: 0, reserved: 0, estimate }
    }

    pub(super) const fn held(&self) -> u64 {
        self.held
    }

    pub(super) const fn reserved(&self) -> u64 {
        self.reserved
    }

    /// What is reserved for one body.
    pub(super) fn expected(&self) -> u64 {
        let expected = self.estimate.saturating_add(self.estimate / 4).saturating_add(64);
        expected.min(MAX_BODY_MEMORY)
    }

    /// Whether there is room. Only the block that everything waits for uses what is spared.
    pub(super) const fn has_room(&self, bytes: u64, is_front: bool) -> bool {
        let limit = if is_front { BODIES_BUDGET } else { BODIES_BUDGET.saturating_sub(SPARE) };
        self.held.saturating_add(self.reserved).saturating_add(bytes) <= limit
    }

    /// Reserves room, which there must be, for bodies that are asked for.
    pub(super) fn reserve(&mut self, bytes: u64) {
        debug_assert!(self.has_room(bytes, true), "{bytes} bytes of {self:?}");
        self.reserved = self.reserved.saturating_add(bytes);
    }

    /// Gives back what was reserved for bodies that came, or that are not waited for any more.
    pub(super) fn release(&mut self, bytes: u64) {
        debug_assert!(bytes <= self.reserved, "{bytes} bytes of {self:?}");
        self.reserved = self.reserved.saturating_sub(bytes);
    }

    /// Takes a body that came, if there is room.
    #[must_use]
    pub(super) const fn receive(&mut self, bytes: u64, is_front: bool) -> bool {
        let has_room = self.has_room(bytes, is_front);
        if has_room {
            self.held = self.held.saturating_add(bytes);
        }
        has_room
    }

    /// Gives back what bodies took that were imported, or are of no use.
    pub(super) fn free(&mut self, bytes: u64) {
        debug_assert!(bytes <= self.held, "{bytes} bytes of {self:?}");
        self.held = self.held.saturating_sub(bytes);
    }

    /// Learns from the bodies of an answer: follows growth at once, and shrinking by halves.
    pub(super) fn learn(&mut self, bytes: u64, count: u64) {
        let Some(average) = bytes.checked_div(count) else { return };
        self.estimate = average.max(self.estimate.saturating_add(average) / 2);
    }
}

#[cfg(test)]
mod tests;
