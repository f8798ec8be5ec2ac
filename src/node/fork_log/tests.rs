//! Which deep forks are remembered.

use super::*;
use crate::chain::{BlockId, Height};

fn deep(number: u8, work: u8) -> DeepFork {
    let mut bytes = [0; 32];
    bytes[31] = work;
    let first = Hash::new([number; 32]);
    DeepFork {
        fork: ForkPoint { below: Height::new(1), first },
        depth: 9,
        last: BlockId { height: Height::new(20), hash: first },
        work: Work::from_bytes(bytes),
    }
}

#[test]
fn sixteen_are_remembered_the_heaviest_and_those_that_ours_outgrew_do_not_wait() {
    let log = ForkLog::default();
    for number in 1..=40 {
        log.note(deep(number, number), 3);
        log.note(deep(number, number - 1), 3);
    }
    let waiting = log.waiting(Work::ZERO);
    let work: Vec<_> = waiting.iter().map(|fork| fork.work.to_bytes()[31]).collect();
    assert_eq!(work, (25..=40).rev().collect::<Vec<_>>());
    assert_eq!(log.waiting(deep(1, 38).work).len(), 2);
    log.note(deep(50, 3), 3);
    assert_eq!(log.find(&Hash::new([50; 32])), None, "one with less work takes no place");
}
