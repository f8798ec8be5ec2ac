//! Heights and timestamps: numbers that JSON carries exactly.

use std::fmt;

use serde::Serialize;

/// Largest height, timestamp and nonce: 2^53 - 1, the largest integer that every
/// JSON reader keeps exact (RFC 8259 section 6).
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Reads decimal digits without a sign or leading zeros, at most [`MAX_SAFE_INTEGER`].
pub fn plain_number(text: &str) -> Option<u64> {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = is_plain.then(|| text.parse().ok()).flatten()?;
    (number <= MAX_SAFE_INTEGER).then_some(number)
}

/// Distance from genesis, which has height zero.
///
/// Heights are not added to each other: [`Height::next`] and [`Height::parent`]
/// move along the chain.
/// # Examples
///
/// How many confirmations a block has, counting the block itself:
///
/// ```
/// use jenny_chain::chain::Height;
///
/// let (block, tip) = (Height::new(95), Height::new(100));
/// assert_eq!(tip.next().above(block), 6);
/// assert_eq!(Height::GENESIS.parent(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Height(u64);

/// Milliseconds since the Unix epoch, leap seconds not counted (POSIX time).
/// # Examples
///
/// ```
/// use jenny_chain::chain::Timestamp;
///
/// let parent = Timestamp::from_millis(1_700_000_000_000);
/// let block = parent.plus_millis(9_500);
/// assert_eq!(block.millis_since(parent), 9_500);
/// // A block may not be older than its parent, so there is no negative time.
/// assert_eq!(parent.millis_since(block), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Timestamp(u64);

impl Height {
    /// Where every chain starts.
    pub const GENESIS: Self = Self(0);

    /// Wraps a number; whether it is at most [`MAX_SAFE_INTEGER`] is for
    /// [`super::TipState::check_header`] to say.
    pub const fn new(height: u64) -> Self {
        Self(height)
    }

    /// The height of a direct child; the last height is its own successor, and
    /// no valid block is there.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The height of the parent, `None` for genesis.
    pub const fn parent(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(height) => Some(Self(height)),
            None => None,
        }
    }

    /// The height `blocks` below, or genesis.
    #[must_use]
    pub const fn back(self, blocks: u64) -> Self {
        Self(self.0.saturating_sub(blocks))
    }

    /// The height `blocks` above.
    #[must_use]
    pub const fn ahead(self, blocks: u64) -> Self {
        Self(self.0.saturating_add(blocks))
    }

    /// How many blocks above `lower` this is; zero when it is not above.
    pub const fn above(self, lower: Self) -> u64 {
        self.0.saturating_sub(lower.0)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Timestamp {
    /// Wraps milliseconds since the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This moment and `millis` more; the last representable one when that overflows.
    #[must_use]
    pub const fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this; zero when it is not later.
    pub const fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
