//! Three real nodes on `dev`, two of which mine at once, while their links are cut and one of
//! them is killed over and over: each time they converge, and no acknowledged block is lost
//! without a word.
//!
//! About 10 s by default; `JENNY_TEST_CLUSTER_SECONDS` asks for more.

mod account;
mod adopting;
mod events;
mod trio;
mod writes;

use std::time::{Duration, Instant};

use crate::support::random::Random;
pub(crate) use account::{Account, tail};
use trio::Trio;

/// Length of a run without the variable.
const DEFAULT_SECONDS: u64 = 10;

#[test]
fn nodes_that_mine_while_links_break_converge_each_time_and_lose_no_block_in_silence() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seconds = number("JENNY_TEST_CLUSTER_SECONDS").unwrap_or(DEFAULT_SECONDS);
    let seed = number("JENNY_TEST_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("{seconds} s, JENNY_TEST_SEED={seed}");
    let mut random = Random::new(seed);
    let mut trio = Trio::start();
    trio.converge();
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let (mut rounds, mut so_far) = (0, String::new());
    while rounds == 0 || Instant::now() < deadline {
        trio.disturb(&mut random);
        trio.converge();
        so_far = trio.check();
        rounds += 1;
    }
    println!("{rounds} rounds: {so_far}");
    trio.stop_and_verify();
}
