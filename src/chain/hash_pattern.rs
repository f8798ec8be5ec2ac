//! A hash of which some digits are known: those that it begins with, and perhaps its last ones.

use std::str::FromStr;

use crate::chain::Hash;
use crate::chain::hash::hex_value;

/// Fewest digits that a pattern has. Zeros at its beginning do not count: every hash that is proof
/// of work has some.
const MIN_PATTERN_DIGITS: usize = 4;

/// What stands for the digits between.
const GAP: &str = "..";

/// The first digits of a hash, and perhaps its last ones.
///
/// # Examples
///
/// ```
/// use jenny_chain::chain::HashPattern;
///
/// let pattern: HashPattern = "f0951e80..3acaa8aa".parse()?;
/// let hash = "f0951e80830e50c655a00f321c956a47e7caa7e91ad7044193ae30783acaa8aa".parse()?;
/// assert!(pattern.matches(&hash));
/// // Too few digits, since the zeros do not count.
/// assert!("0000f09".parse::<HashPattern>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HashPattern {
    head: String,
    tail: String,
}

/// A text that is no [`HashPattern`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "give at least {MIN_PATTERN_DIGITS} lower-case hexadecimal digits that the hash begins with, without counting leading zeros, or HEAD..TAIL"
)]
pub struct HashPatternError;

impl HashPattern {
    /// Whether the hash has these digits.
    pub fn matches(&self, hash: &Hash) -> bool {
        let hex = hash.to_hex();
        hex.starts_with(self.head.as_bytes()) && hex.ends_with(self.tail.as_bytes())
    }

    /// Returns the lowest and the highest hash that begin as this pattern does.
    pub fn range(&self) -> (Hash, Hash) {
        (self.filled(0), self.filled(15))
    }

    /// The first digits, and `filler` for all others.
    fn filled(&self, filler: u8) -> Hash {
        let mut digits = self.head.bytes().map(|digit| hex_value(digit).unwrap_or(filler));
        let mut digit = || digits.next().unwrap_or(filler);
        Hash::new(std::array::from_fn(|_| digit() << 4 | digit()))
    }
}

impl FromStr for HashPattern {
    type Err = HashPatternError;

    /// Reads digits, or first digits, `..` and last digits.
    fn from_str(text: &str) -> Result<Self, HashPatternError> {
        let (head, tail) = text.split_once(GAP).unwrap_or((text, ""));
        let digits = head.len().saturating_add(tail.len());
        let is_hex = head.bytes().chain(tail.bytes()).all(|digit| hex_value(digit).is_some());
        let mut counted = head.bytes().chain(tail.bytes()).skip_while(|&digit| digit == b'0');
        let is_long = counted.by_ref().take(MIN_PATTERN_DIGITS).count() == MIN_PATTERN_DIGITS;
        if head.is_empty() || !is_hex || !is_long || digits > 2 * Hash::BYTES {
            return Err(HashPatternError);
        }
        Ok(Self { head: head.to_owned(), tail: tail.to_owned() })
    }
}

#[cfg(test)]
mod tests;
