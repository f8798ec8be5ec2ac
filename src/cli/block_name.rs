//! Blocks as an operator names them: by the start of a hash, or as the tip that is expected.

use std::fmt;
use std::str::FromStr;

use crate::chain::{Hash, Height};

/// Fewest digits of a hash that name a block.
const MIN_DIGITS: usize = 8;

/// Digits of a whole hash.
const MAX_DIGITS: usize = 64;

/// A hash or its first digits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct HashPrefix(pub(super) String);

/// A text that is no start of a hash.
#[derive(Debug, thiserror::Error)]
#[error("a hash is named by 8 to 64 lower-case hexadecimal digits")]
pub(super) struct NoPrefix;

impl HashPrefix {
    /// Whether the hash begins so.
    pub(super) fn fits(&self, hash: &Hash) -> bool {
        hash.to_hex().starts_with(self.0.as_bytes())
    }

    /// The hash, if all of it is given.
    pub(super) fn whole(&self) -> Option<Hash> {
        self.0.parse().ok()
    }
}

impl FromStr for HashPrefix {
    type Err = NoPrefix;

    fn from_str(text: &str) -> Result<Self, NoPrefix> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let fits = (MIN_DIGITS..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(is_digit);
        if fits { Ok(Self(text.to_owned())) } else { Err(NoPrefix) }
    }
}

impl fmt::Display for HashPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tip that a chain is expected to have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ExpectedTip {
    pub(super) height: Option<Height>,
    pub(super) hash: Hash,
}

/// A text that names no tip.
#[derive(Debug, thiserror::Error)]
#[error("write the tip's hash, 64 lower-case hexadecimal digits, or HEIGHT:HASH")]
pub(super) struct NoTip;

impl FromStr for ExpectedTip {
    type Err = NoTip;

    fn from_str(text: &str) -> Result<Self, NoTip> {
        let (height, hash) = match text.split_once(':') {
            Some((height, hash)) => {
                let is_plain = height.bytes().all(|byte| byte.is_ascii_digit());
                let height = height.parse().ok().filter(|_| is_plain).ok_or(NoTip)?;
                (Some(Height::new(height)), hash)
            }
            None => (None, text),
        };
        Ok(Self { height, hash: hash.parse().map_err(|_| NoTip)? })
    }
}

impl fmt::Display for ExpectedTip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(height) = self.height {
            write!(f, "{height}:")?;
        }
        write!(f, "{}", self.hash)
    }
}

#[cfg(test)]
mod tests;
