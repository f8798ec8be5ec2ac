//! How many rounds, and the random numbers of each.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::random::Random;

/// Rounds without the variable.
const DEFAULT_ROUNDS: u64 = 6;

/// Runs `round` as often as was asked for, each time with its own numbers.
pub(crate) fn rounds(round: impl FnMut(u64, &mut Random)) {
    rounds_of("JENNY_TEST_CRASH_ROUNDS", DEFAULT_ROUNDS, round);
}

/// As [`rounds`], with a variable and a number of its own.
pub(super) fn rounds_of(variable: &str, default: u64, mut round: impl FnMut(u64, &mut Random)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let count = number(variable).unwrap_or(default);
    let now = || u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos());
    let seed = number("JENNY_TEST_SEED").unwrap_or_else(|| now().unwrap_or_default());
    println!("{count} rounds, JENNY_TEST_SEED={seed}");
    let mut random = Random::new(seed);
    for number in 0..count {
        let mut own = Random::new(random.within(0, u64::MAX));
        round(number, &mut own);
    }
}
