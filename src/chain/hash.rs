//! A SHA-256 digest, the name of everything on the chain.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// SHA-256 (FIPS 180-4), 32 bytes.
///
/// Shown as 64 lower-case hexadecimal digits in natural byte order; only that
/// form is read back.
/// # Examples
///
/// ```
/// use jenny_chain::chain::Hash;
///
/// let text = "f0951e80830e50c655a00f321c956a47e7caa7e91ad7044193ae30783acaa8aa";
/// let hash: Hash = text.parse()?;
/// assert_eq!(hash.to_string(), text);
/// assert_eq!(hash.as_bytes()[0], 0xf0);
/// // Capital letters would be a second spelling of the same hash.
/// assert!(text.to_uppercase().parse::<Hash>().is_err());
/// # Ok::<(), jenny_chain::chain::ParseHashError>(())
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Hash([u8; 32]);

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a hash is exactly 64 lower-case hexadecimal digits")]
pub struct ParseHashError;

impl Hash {
    /// Length in bytes.
    pub const BYTES: usize = 32;

    /// What genesis names as its parent.
    pub const ZERO: Self = Self([0; 32]);

    /// Wraps a digest.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw bytes, in hashing order.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 digits, without allocating.
    pub fn to_hex(self) -> [u8; 64] {
        let mut hex = [0; 64];
        for ([high, low], byte) in hex.as_chunks_mut().0.iter_mut().zip(self.0) {
            *high = hex_digit(byte >> 4);
            *low = hex_digit(byte & 15);
        }
        hex
    }
}

/// The lower-case digit of a value below 16.
#[expect(clippy::expect_used, reason = "its callers pass four bits, and there are sixteen digits")]
fn hex_digit(value: u8) -> u8 {
    *b"0123456789abcdef".get(usize::from(value)).expect("four bits")
}

/// The value of one lower-case hexadecimal digit.
pub(super) fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => digit.checked_sub(b'0'),
        b'a'..=b'f' => digit.checked_sub(b'a' - 10),
        _ => None,
    }
}

impl FromStr for Hash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, ParseHashError> {
        if text.len() != 64 {
            return Err(ParseHashError);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let &[high, low] = pair else { return Err(ParseHashError) };
            let high = hex_value(high).ok_or(ParseHashError)?;
            let low = hex_value(low).ok_or(ParseHashError)?;
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.to_hex()).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

#[cfg(test)]
mod tests;
