//! The budget against a model that knows every request and every body.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// A request: how many bodies are to come, and what is reserved for each.
type Request = (u64, u64);

#[derive(Debug, Default)]
struct Model {
    requests: Vec<Request>,
    bodies: Vec<u64>,
}

impl Model {
    fn reserved(&self) -> u64 {
        self.requests.iter().map(|(count, each)| count * each).sum()
    }

    fn held(&self) -> u64 {
        self.bodies.iter().sum()
    }

    fn room(&self, is_front: bool) -> u64 {
        let spared = if is_front { 0 } else { SPARE };
        BODIES_BUDGET.saturating_sub(self.held() + self.reserved()).saturating_sub(spared)
    }

    /// Does one thing with both; `size` is drawn up to that of the largest body.
    fn step(&mut self, budget: &mut Budget, kind: u8, is_front: bool, size: u64, pick: usize) {
        match kind % 4 {
            0 => {
                let (count, each) = (1 + size % 128, budget.expected());
                let fits = count * each <= self.room(is_front);
                assert_eq!(budget.has_room(count * each, is_front), fits);
                if fits {
                    budget.reserve(count * each);
                    self.requests.push((count, each));
                }
            }
            1 if !self.requests.is_empty() => {
                // A body comes: what was reserved for it is given back first.
                let place = pick % self.requests.len();
                let (count, each) = &mut self.requests[place];
                *count -= 1;
                budget.release(*each);
                self.requests.retain(|(count, _)| *count > 0);
                let fits = size <= self.room(is_front);
                assert_eq!(budget.receive(size, is_front), fits);
                if fits {
                    self.bodies.push(size);
                }
                budget.learn(size, 1);
            }
            2 if !self.requests.is_empty() => {
                let (count, each) = self.requests.swap_remove(pick % self.requests.len());
                budget.release(count * each);
            }
            3 if !self.bodies.is_empty() => {
                budget.free(self.bodies.swap_remove(pick % self.bodies.len()));
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn every_byte_is_that_of_a_request_or_of_a_body(
        steps in prop::collection::vec(
            (any::<u8>(), any::<bool>(), 0..=MAX_BODY_MEMORY, any::<usize>()),
            1..400,
        ),
    ) {
        let (mut budget, mut model) = (Budget::new(1 << 20), Model::default());
        for (kind, is_front, size, pick) in steps {
            model.step(&mut budget, kind, is_front, size, pick);
            prop_assert_eq!((budget.held(), budget.reserved()), (model.held(), model.reserved()));
            prop_assert!(budget.held() + budget.reserved() <= BODIES_BUDGET);
            prop_assert!(budget.expected() <= MAX_BODY_MEMORY);
        }
    }
}

#[test]
fn the_estimate_follows_growth_at_once_and_shrinking_by_halves() {
    let mut budget = Budget::new(1_000);
    assert_eq!(budget.expected(), 1_314, "a quarter more, and 64 bytes");
    budget.learn(80_000, 20);
    assert_eq!(budget.expected(), 5_064, "of 4,000");
    budget.learn(2_000, 1);
    assert_eq!(budget.expected(), 3_814, "of 3,000");
    budget.learn(0, 0);
    assert_eq!(budget.expected(), 3_814, "nothing tells nothing");
}

#[test]
#[should_panic(expected = "1 bytes of")]
fn more_than_was_reserved_is_not_given_back() {
    Budget::new(0).release(1);
}

#[test]
#[should_panic(expected = "1 bytes of")]
fn more_than_is_held_is_not_given_back() {
    Budget::new(0).free(1);
}
