//! Difficulty: a target as a ratio, for people. No rule depends on it.

use std::fmt;

use ruint::aliases::U256;

use crate::chain::Target;

/// How many times harder a target is than the chain's easiest one.
///
/// Shown as ECMAScript writes a number (ECMA-262, `Number::toString`): `1`, not
/// `1.0`, and `1e+21`, not `1e21`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Difficulty(f64);

impl Difficulty {
    /// The ratio `easiest / target`.
    pub fn of(target: Target, easiest: Target) -> Self {
        Self(f64::from(easiest.get()) / f64::from(target.get()))
    }

    /// The chain's easiest target, from the difficulty of another one as it is shown; `None` if
    /// that text is the difficulty of this target on no chain.
    pub(in crate::chain) fn easiest(text: &str, target: Target) -> Option<Target> {
        // The product is less than 2^-50 of it off, so that this much more is above the target,
        // and far below the next one that has a compact form.
        const ABOVE: f64 = 1.0 + f64::EPSILON * 4096.0;
        let ratio: f64 = text.parse().ok()?;
        let product = U256::try_from(ratio * f64::from(target.get()) * ABOVE).ok()?;
        let easiest = Target::new(product)?.to_bits().target().ok()?;
        let is_shown_so = target <= easiest && Self::of(target, easiest).to_string() == text;
        is_shown_so.then_some(easiest)
    }

    /// The ratio.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Difficulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rust writes the same shortest digits that ECMAScript does, and differs in where
        // the exponent starts and how it looks.
        if self.0 == 0.0 || (1e-6..1e21).contains(&self.0.abs()) {
            return self.0.fmt(f);
        }
        let text = format!("{:e}", self.0);
        match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                write!(f, "{digits}e+{exponent}")
            }
            _ => f.write_str(&text),
        }
    }
}

#[cfg(test)]
mod tests;
