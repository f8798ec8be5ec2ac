//! Delays that follow from the chain.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn config(random: fn() -> u64) -> NodeConfig {
    NodeConfig { random, ..NodeConfig::default() }
}

#[test]
fn on_dev_delays_are_random_and_short() {
    let spec = Spec::dev();
    assert_eq!(config(|| 0).relayed_delay(&spec).draw(), SECOND * 2);
    assert_eq!(config(|| 0).tie_delay(&spec).draw(), SECOND);
    assert_eq!(config(|| 3_000).relayed_delay(&spec).draw(), SECOND * 5);
    assert_eq!(config(|| 2_000).tie_delay(&spec).draw(), SECOND * 3);
}

#[test]
fn elsewhere_they_follow_from_the_block_time() {
    let (spec, config) = (Spec::jenny(), NodeConfig::default());
    assert_eq!(config.relayed_delay(&spec).draw(), SECOND * 10);
    assert_eq!(config.tie_delay(&spec).draw(), SECOND * 20);
}

#[test]
fn a_delay_that_is_set_counts_on_every_chain() {
    let config = NodeConfig { relayed_delay: Some(SECOND * 7), ..NodeConfig::default() };
    for spec in [Spec::dev(), Spec::jenny()] {
        assert_eq!(config.relayed_delay(&spec).draw(), SECOND * 7);
    }
}
