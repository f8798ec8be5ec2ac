//! How deep a reorg goes, and what the operator accepts.

use proptest::prelude::*;

use super::*;
use crate::chain::{TipState, ValidBlock};
use crate::store::Opened;
use crate::store::test_util::{Home, append, genesis, grow, store};

const TIME: Timestamp = Timestamp::from_millis(7);

fn limited(max: u64) -> Home {
    let mut home = Home::new();
    home.options.max_reorg_depth = Some(max);
    home
}

fn offer(opened: &mut Opened, blocks: &[ValidBlock]) -> Result<(), StoreError> {
    store(opened, blocks);
    let last = blocks.last().unwrap();
    opened.writer.reorg(last.id()).map(drop)
}

fn state_after(blocks: &[ValidBlock]) -> TipState {
    let mut state = genesis();
    for block in blocks {
        state.extend(block);
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_branch_displaces_as_many_blocks_as_may_be_and_never_more(
        max in 1_u64..8,
        trunk in 1_u64..6,
        depth in 1_u64..14,
        ahead in 1_u64..4,
        batch in prop::sample::select(vec![3, 10_000]),
    ) {
        let mut home = limited(max);
        home.options.reorg_batch_blocks = batch;
        let mut opened = home.open();
        let mut state = genesis();
        let shared = grow(&mut state, trunk, "shared");
        append(&mut opened, &shared);
        append(&mut opened, &grow(&mut state, depth, "ours"));
        let ours = opened.reader.tip();
        let theirs = grow(&mut state_after(&shared), depth + ahead, "theirs");
        let (first, last) = (theirs[0].hash(), theirs[theirs.len() - 1].hash());
        let reorged = offer(&mut opened, &theirs);
        if depth <= max {
            prop_assert!(reorged.is_ok());
            prop_assert_eq!(opened.reader.tip().hash, last);
            return Ok(());
        }
        let fork = ForkPoint { below: Height::new(trunk), first };
        let is_deep = matches!(reorged, Err(StoreError::DeepFork { fork: f, depth: d, max: m })
            if (f, d, m) == (fork, depth, max));
        prop_assert!(is_deep, "{:?}", reorged);
        prop_assert_eq!(opened.reader.tip(), ours);
        let point = opened.reader.fork_point(theirs[theirs.len() - 1].id()).unwrap();
        prop_assert_eq!(point, Some(fork));
        // Writes go on.
        append(&mut opened, &grow(&mut state, 1, "more of ours"));
        let more = grow(&mut state_after(&[shared, theirs].concat()), 2, "more of theirs");
        prop_assert!(offer(&mut opened, &more).is_err());
        opened.writer.accept_fork(&first, TIME).unwrap();
        drop(opened);
        let mut opened = home.open();
        prop_assert_eq!(opened.reader.accepted_forks().unwrap(), vec![first]);
        prop_assert!(offer(&mut opened, &more).is_ok());
        prop_assert_eq!(opened.reader.tip().hash, more[1].hash());
        opened.reader.check_all(&mut |_| true).unwrap();
    }
}

#[test]
fn without_a_limit_any_depth_is_taken() {
    let (_home, mut opened) = Home::opened();
    append(&mut opened, &grow(&mut genesis(), 40, "ours"));
    offer(&mut opened, &grow(&mut genesis(), 41, "theirs")).unwrap();
}

#[test]
fn sixteen_accepted_forks_are_kept_and_the_oldest_makes_room() {
    let home = limited(3);
    let mut opened = home.open();
    for number in 0..20 {
        let time = Timestamp::from_millis(1_000 - u64::from(number));
        opened.writer.accept_fork(&Hash::new([number; 32]), time).unwrap();
        opened.writer.accept_fork(&Hash::new([number; 32]), time).unwrap();
    }
    let mut kept = opened.reader.accepted_forks().unwrap();
    kept.sort_unstable();
    assert_eq!(kept.len(), MAX_ACCEPTED_FORKS);
    assert!(kept.contains(&Hash::new([19; 32])), "the one that was accepted last");
    assert_eq!(opened.reader.tip().hash, genesis().hash(), "they are no blocks");
    drop(opened);
    home.open().reader.check_all(&mut |_| true).unwrap();
}
