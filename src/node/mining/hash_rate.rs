//! How fast the miner hashes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The published rate; one writer, any readers.
#[derive(Debug, Default)]
pub(in crate::node) struct HashRate {
    /// An `f64`'s bits; 0 before the first block.
    bits: AtomicU64,
}

/// The miner's measurement, in which old searches fade.
#[derive(Debug, Default)]
pub(in crate::node) struct Meter {
    hashes: f64,
    seconds: f64,
}

/// Searching time after which what was measured counts half, in seconds.
const FADE_SECONDS: f64 = 10.0;

impl HashRate {
    /// Hashes per second while last mining, `None` before the first block.
    pub(in crate::node) fn get(&self) -> Option<f64> {
        let rate = f64::from_bits(self.bits.load(Ordering::Relaxed));
        (rate > 0.0).then_some(rate)
    }
}

impl Meter {
    /// Counts one search.
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
    pub(in crate::node) fn count(&mut self, hashes: u64, time: Duration, rate: &HashRate) {
        if self.seconds > FADE_SECONDS {
            self.hashes /= 2.0;
            self.seconds /= 2.0;
        }
        self.hashes += hashes as f64;
        self.seconds += time.as_secs_f64();
        if self.seconds > 0.0 {
            rate.bits.store((self.hashes / self.seconds).to_bits(), Ordering::Relaxed);
        }
    }
}
