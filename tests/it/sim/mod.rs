//! Simulated networks: many nodes in one thread, whose time and chance are arguments.

mod binary;
mod clock;
mod json;
mod network;
mod trace;

/// The seeds of a test; `JENNY_TEST_SIMULATION_SEEDS=100-200` asks for others.
fn seeds(fixed: &[u64]) -> Vec<u64> {
    let Ok(range) = std::env::var("JENNY_TEST_SIMULATION_SEEDS") else { return fixed.to_vec() };
    let (from, to) = range.split_once('-').expect("two numbers");
    (from.parse().unwrap()..=to.parse().unwrap()).collect()
}
