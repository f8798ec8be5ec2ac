//! Proof-of-work targets and their compact form.

use std::fmt;
use std::str::FromStr;

use ruint::aliases::U256;

use crate::chain::Hash;
use crate::chain::hash::hex_value;

/// A compact target as a header carries it: Bitcoin's `nBits`, one byte of
/// exponent and three of mantissa. Any 32 bits are possible here; [`Bits::target`]
/// says whether they mean something.
///
/// Shown and read as exactly 8 lower-case hexadecimal digits.
/// # Examples
///
/// ```
/// use jenny_chain::chain::{Bits, BitsError};
///
/// let bits: Bits = "1f00ffff".parse()?;
/// assert_eq!(bits.get(), 0x1f00_ffff);
/// assert_eq!(bits.target()?.to_bits(), bits);
/// // A second spelling of a target is refused.
/// assert_eq!(Bits::new(0x2000_00ff).target(), Err(BitsError::NonCanonical));
/// # Ok::<(), BitsError>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Bits(u32);

/// The largest value, read as a big-endian number, that a block hash may have.
/// Never zero.
/// # Examples
///
/// Whether a hash is proof of work:
///
/// ```
/// use jenny_chain::chain::{Bits, Hash};
///
/// let target = "1f00ffff".parse::<Bits>()?.target()?;
/// let mut hash = [0xff; 32];
/// assert!(!target.is_met_by(&Hash::new(hash)));
/// // This target asks for a hash that begins with two zero bytes.
/// hash[..2].fill(0);
/// hash[2..4].copy_from_slice(&[0xff, 0xfe]);
/// assert!(target.is_met_by(&Hash::new(hash)));
/// # Ok::<(), jenny_chain::chain::BitsError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Target(U256);

/// Why a compact form is no target.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BitsError {
    /// The mantissa's sign bit is set.
    #[error("negative")]
    Negative,
    /// No hash is below a target of zero.
    #[error("zero")]
    Zero,
    /// The target needs more than 256 bits.
    #[error("overflow")]
    Overflow,
    /// Another, shorter compact form means the same target.
    #[error("non-canonical")]
    NonCanonical,
    /// Not exactly 8 lower-case hexadecimal digits.
    #[error("not exactly 8 lower-case hexadecimal digits")]
    Digits,
}

impl Bits {
    /// Wraps the 32 bits.
    pub const fn new(bits: u32) -> Self {
        Self(bits)
    }

    /// The 32 bits.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The target this stands for.
    ///
    /// # Errors
    /// When the form is negative, zero, above 2^256 - 1, or not the one that
    /// [`Target::to_bits`] would write.
    pub fn target(self) -> Result<Target, BitsError> {
        let [exponent, ..] = self.0.to_be_bytes();
        let mantissa = self.0 & 0x00ff_ffff;
        if mantissa & 0x0080_0000 != 0 {
            return Err(BitsError::Negative);
        }
        let value = match exponent {
            0 => U256::ZERO,
            1 => U256::from(mantissa >> 16),
            2 => U256::from(mantissa >> 8),
            3.. => {
                let shift = usize::from(exponent).abs_diff(3) << 3;
                U256::from(mantissa).checked_shl(shift).ok_or(BitsError::Overflow)?
            }
        };
        let target = Target::new(value).ok_or(BitsError::Zero)?;
        if target.to_bits() == self { Ok(target) } else { Err(BitsError::NonCanonical) }
    }
}

impl Target {
    /// Wraps a value, `None` for zero.
    pub fn new(value: U256) -> Option<Self> {
        (!value.is_zero()).then_some(Self(value))
    }

    /// The number.
    pub const fn get(self) -> U256 {
        self.0
    }

    /// Whether `hash` is proof of work for this target.
    pub fn is_met_by(self, hash: &Hash) -> bool {
        U256::from_be_bytes(*hash.as_bytes()) <= self.0
    }

    /// The compact form. Bits that do not fit are dropped, so the target never
    /// gets easier.
    pub fn to_bits(self) -> Bits {
        let size = self.0.byte_len();
        // At most 29 bytes of the 32.
        let shift = size.abs_diff(3) << 3;
        let mantissa =
            low_32(if size > 3 { self.0.wrapping_shr(shift) } else { self.0.wrapping_shl(shift) });
        // A mantissa with its sign bit set moves down by a byte.
        let is_wide = mantissa & 0x0080_0000 != 0;
        let mantissa = if is_wide { mantissa >> 8 } else { mantissa };
        Bits(exponent(size, is_wide) << 24 | mantissa)
    }
}

/// The exponent of a target of `size` bytes, one more if it is wide.
#[expect(clippy::expect_used, reason = "a target has at most 32 bytes")]
fn exponent(size: usize, is_wide: bool) -> u32 {
    let size = u32::try_from(size).expect("at most 32 bytes");
    size.checked_add(u32::from(is_wide)).expect("at most 33")
}

/// The low 32 bits of a value whose low 24 are wanted.
fn low_32(value: U256) -> u32 {
    let [low, ..] = value.into_limbs();
    (low & 0xffff_ffff) as u32
}

impl FromStr for Bits {
    type Err = BitsError;

    fn from_str(text: &str) -> Result<Self, BitsError> {
        if text.len() != 8 {
            return Err(BitsError::Digits);
        }
        text.bytes()
            .try_fold(0_u32, |bits, digit| Some(bits << 4 | u32::from(hex_value(digit)?)))
            .map(Self)
            .ok_or(BitsError::Digits)
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bits({self})")
    }
}

#[cfg(test)]
mod tests;
