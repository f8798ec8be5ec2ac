//! How many rounds, and the random numbers of each.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Rounds without the variable.
const DEFAULT_ROUNDS: u64 = 6;

/// Random numbers from a seed that is printed (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// A moment at which to kill: often early, sometimes late.
    pub(crate) fn delay(&mut self, longest: Duration) -> Duration {
        let micros = u64::try_from(longest.as_micros()).unwrap();
        let scale = self.below(4) + 1;
        Duration::from_micros(self.below(micros / scale))
    }
}

/// Runs `round` as often as was asked for, each time with its own numbers.
pub(crate) fn rounds(mut round: impl FnMut(u64, &mut Random)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let count = number("JENNY_TEST_CRASH_ROUNDS").unwrap_or(DEFAULT_ROUNDS);
    let now = || u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos());
    let seed = number("JENNY_TEST_SEED").unwrap_or_else(|| now().unwrap_or_default());
    println!("{count} rounds, JENNY_TEST_SEED={seed}");
    let mut random = Random::new(seed);
    for number in 0..count {
        let mut own = Random::new(random.below(u64::MAX));
        round(number, &mut own);
    }
}
