//! Work: how many hashes a chain stands for.

use std::fmt;

use ruint::aliases::U256;

use crate::chain::Target;

/// Expected number of hashes, of one block or summed over a chain.
/// # Examples
///
/// A chain wins by its work, not by its length:
///
/// ```
/// use jenny_chain::chain::{Spec, Work, replaces};
///
/// let easy = Work::of(Spec::dev().pow_limit());
/// let hard = Work::of(Spec::jenny().pow_limit());
/// assert_eq!((easy.to_string(), hard.to_string()), ("2".to_owned(), "65537".to_owned()));
///
/// let long = (0..1_000).fold(Work::ZERO, |total, _| total.plus(easy));
/// assert!(replaces(hard, long));
/// // The chain that came first stays if both have the same work.
/// assert!(!replaces(hard, hard));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Work(U256);

impl Work {
    /// None at all.
    pub const ZERO: Self = Self(U256::ZERO);

    /// `floor(2^256 / (target + 1))`, the expected attempts for one block.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "a target is not zero: the divisor is at least 2, the quotient below 2^255"
    )]
    pub fn of(target: Target) -> Self {
        let one = U256::from(1);
        // Every hash meets the target 2^256 - 1.
        let Some(divisor) = target.get().checked_add(one) else { return Self(one) };
        // 2^256 does not fit: floor(2^256 / d) = floor((2^256 - d) / d) + 1, and 2^256 - d = !target.
        let quotient = (!target.get()).checked_div(divisor).expect("a divisor above 1");
        Self(quotient.checked_add(one).expect("a quotient below 2^255"))
    }

    /// The sum; 2^256 - 1 when it overflows, which no chain on Earth reaches.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; zero when `other` is larger.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// 32 bytes, big-endian, so that byte order is numeric order.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// Reads what [`Work::to_bytes`] wrote.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }
}

/// Decimal digits.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
