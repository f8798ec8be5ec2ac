//! Time as the machine knows it: an argument, never a clock.

use std::time::Duration;

/// Monotonic time since an origin of the driver's choice.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Time(pub Duration);

impl Time {
    /// This moment and `more`; the last representable one when that overflows.
    #[must_use]
    pub const fn plus(self, more: Duration) -> Self {
        Self(self.0.saturating_add(more))
    }
}
