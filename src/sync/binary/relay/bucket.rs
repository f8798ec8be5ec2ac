//! A rate with a burst: a token bucket that counts in time.

use std::time::Duration;

use crate::sync::Time;

/// Allows one unit each `each`, and a burst of those that were not used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    each: Duration,
    /// Time that the burst stands for.
    burst: Duration,
    /// When everything that was spent is paid for.
    paid: Time,
}

impl Bucket {
    /// A full bucket of this many units.
    pub(super) const fn new(each: Duration, burst: u32) -> Self {
        Self { each, burst: each.saturating_mul(burst), paid: Time(Duration::ZERO) }
    }

    /// Units that can be spent now.
    #[expect(clippy::expect_used, reason = "a rate is finite")]
    pub(super) fn available(&self, now: Time) -> usize {
        let owed = self.paid.0.saturating_sub(now.0);
        let left = self.burst.saturating_sub(owed).as_nanos();
        let units = left.checked_div(self.each.as_nanos()).expect("a unit takes time");
        usize::try_from(units).unwrap_or(usize::MAX)
    }

    /// Spends units, also more than are available: those have to be paid for first.
    pub(super) fn spend(&mut self, now: Time, units: usize) {
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        self.paid = self.paid.max(now).plus(self.each.saturating_mul(units));
    }

    /// When this many units are available: in the past, if they are now.
    pub(super) fn ready_at(&self, units: usize) -> Time {
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let owed = self.paid.plus(self.each.saturating_mul(units));
        Time(owed.0.saturating_sub(self.burst))
    }
}

#[cfg(test)]
mod tests;
