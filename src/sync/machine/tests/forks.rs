//! Rules 3 and 4: other branches.

use super::*;
use crate::sync::Note;

/// A level link whose peer agreed on a token.
fn jenny(height: u64) -> Bench {
    let mut bench = Bench::at(height);
    bench.tell((A, JsonInput::Opened { jenny: true }));
    bench.asked(A);
    bench.says(A, ours(height), BlockOutcome::Ours);
    bench.passes(secs(3));
    bench
}

fn level(height: u64, json_bytes: u64) -> Bench {
    let mut bench = Bench::with(height, json_bytes);
    bench.open_level(A);
    bench.waits(secs(31));
    bench
}

#[test]
fn a_block_of_a_lower_fork_is_answered_with_our_chain() {
    assert_eq!(level(9, SMALL).says(A, theirs(8), BlockOutcome::Fork), [chain(A)]);
}

#[test]
fn a_block_of_a_level_or_higher_fork_is_answered_with_our_tip() {
    for height in [9, 10, 1_000] {
        let mut bench = level(9, SMALL);
        assert_eq!(bench.says(A, theirs(height), BlockOutcome::Fork), [one(A, ours(9))]);
    }
}

#[test]
fn a_level_fork_is_answered_with_our_chain_where_a_token_was_agreed_on() {
    assert_eq!(jenny(9).says(A, theirs(9), BlockOutcome::Fork), [chain(A)]);
    assert_eq!(jenny(9).says(A, theirs(10), BlockOutcome::Fork), [one(A, ours(9))]);
}

#[test]
fn forks_are_answered_with_our_tip_once_in_30_s_or_2_s_while_our_chain_is_small() {
    for (json_bytes, pause) in [(SMALL, 2), (LARGE, 30)] {
        let mut bench = level(9, json_bytes);
        assert_eq!(bench.says(A, theirs(10), BlockOutcome::Fork), [one(A, ours(9))]);
        bench.passes(Duration::from_millis(pause * 1_000 - 1));
        assert_eq!(bench.says(A, theirs(11), BlockOutcome::Fork), []);
        bench.passes(Duration::from_millis(1));
        assert_eq!(bench.says(A, theirs(11), BlockOutcome::Fork), [one(A, ours(9))]);
    }
}

#[test]
fn a_tip_sent_for_another_reason_counts_while_it_is_the_tip() {
    let mut bench = level(9, LARGE);
    assert_eq!(bench.asked(A), [one(A, ours(9))]);
    assert_eq!(bench.says(A, theirs(10), BlockOutcome::Fork), []);

    let mut bench = level(9, LARGE);
    bench.asked(A);
    bench.grows(10, Some(A));
    assert_eq!(bench.says(A, theirs(12), BlockOutcome::Fork), [one(A, ours(10))]);

    let mut bench = level(9, LARGE);
    bench.grows(10, None);
    bench.sent(A, ours(10));
    assert_eq!(bench.says(A, theirs(12), BlockOutcome::Fork), [], "announced just now");
}

#[test]
fn our_chain_is_sent_once_in_30_s_or_2_s_while_it_is_small() {
    for (json_bytes, pause) in [(SMALL, 2), (LARGE, 30)] {
        let mut bench = level(9, json_bytes);
        assert_eq!(bench.sends(A, theirs(8), ChainOutcome::Lighter), [chain(A)]);
        assert_eq!(bench.chain_sent(A), []);
        bench.passes(Duration::from_millis(pause * 1_000 - 1));
        assert_eq!(bench.sends(A, theirs(8), ChainOutcome::Lighter), []);
        assert_eq!(bench.says(A, theirs(8), BlockOutcome::Fork), []);
        bench.passes(Duration::from_millis(1));
        assert_eq!(bench.says(A, theirs(8), BlockOutcome::Fork), [chain(A)]);
    }
}

#[test]
fn a_lighter_chain_is_answered_with_ours_only_when_we_are_higher() {
    assert_eq!(level(9, SMALL).sends(A, theirs(8), ChainOutcome::Lighter), [chain(A)]);
    for height in [9, 12] {
        let mut bench = level(9, SMALL);
        let note = Note::NotHigher { id: theirs(height) };
        let told = bench.sends(A, theirs(height), ChainOutcome::Lighter);
        assert_eq!(told, [Output::Log { link: A, note }]);
        assert_eq!(bench.sends(A, theirs(height), ChainOutcome::Lighter), [], "said once");
    }
}

#[test]
fn a_lighter_chain_is_answered_whatever_the_heights_where_a_token_was_agreed_on() {
    for height in [8, 9, 12] {
        assert_eq!(jenny(9).sends(A, theirs(height), ChainOutcome::Lighter), [chain(A)]);
    }
}

#[test]
fn equal_work_is_not_argued_about_between_nodes_of_our_kind() {
    let mut bench = jenny(9);
    let told = bench.sends(A, theirs(9), ChainOutcome::Equal);
    assert!(matches!(told[..], [Output::Log { note: Note::NotHigher { .. }, .. }]), "{told:?}");
    bench.passes(secs(60));
    assert_eq!(bench.says(A, theirs(9), BlockOutcome::Fork), []);
    bench.reorgs(block(2, 9), None);
    bench.passes(secs(60));
    assert_eq!(bench.says(A, theirs(9), BlockOutcome::Fork), [chain(A)], "a reorg reopens it");

    // The simulator found a node that stayed behind for ever, since its peer kept silent.
    let mut bench = jenny(9);
    bench.sends(A, theirs(9), ChainOutcome::Equal);
    bench.grows(10, None);
    bench.sent(A, ours(10));
    assert_eq!(bench.says(A, theirs(9), BlockOutcome::Fork), [chain(A)], "so does a block");
}

#[test]
fn an_adopted_chain_is_answered_with_nothing() {
    let mut bench = level(9, SMALL);
    assert_eq!(bench.sends(A, theirs(12), ChainOutcome::Adopted), []);
}

#[test]
fn one_whole_chain_is_under_way_in_the_node() {
    let mut bench = level(9, SMALL);
    bench.open_level(B);
    bench.open_level(C);
    bench.passes(secs(3));
    assert_eq!(bench.says(B, theirs(8), BlockOutcome::Fork), [chain(B)]);
    assert_eq!(bench.says(A, theirs(8), BlockOutcome::Fork), []);
    assert_eq!(bench.says(C, theirs(8), BlockOutcome::Fork), []);
    assert_eq!(bench.chain_sent(B), [chain(C)], "the links take turns");
    assert_eq!(bench.tell(Input::Closed { link: C }), [chain(A)], "one that breaks ends its turn");
}

#[test]
fn who_came_over_while_waiting_for_our_chain_does_not_get_it() {
    let mut bench = level(9, SMALL);
    bench.open_level(B);
    bench.passes(secs(3));
    bench.says(A, theirs(8), BlockOutcome::Fork);
    bench.says(B, theirs(8), BlockOutcome::Fork);
    bench.says(B, ours(9), BlockOutcome::Ours);
    assert_eq!(bench.chain_sent(A), []);
}

#[test]
fn blocks_that_came_while_our_chain_was_sent_follow_it() {
    let mut bench = level(9, SMALL);
    bench.says(A, theirs(8), BlockOutcome::Fork);
    assert_eq!(bench.grows(11, None), []);
    assert_eq!(bench.chain_sent(A), [range(A, 10, 11)]);
}

#[test]
fn a_chain_above_the_cap_is_not_sent_and_the_log_says_so_once() {
    let mut bench = level(9, CAP + 1);
    let note = Note::ChainAboveCap { bytes: CAP + 1, cap: CAP };
    let told = bench.says(A, theirs(8), BlockOutcome::Fork);
    assert_eq!(told, [Output::Log { link: A, note }]);
    bench.passes(secs(60));
    assert_eq!(bench.sends(A, theirs(8), ChainOutcome::Lighter), []);
    assert_eq!(bench.says(A, ours(4), BlockOutcome::Ours), [range(A, 5, 9)], "streams have no cap");
}

#[test]
fn a_new_tip_does_not_lift_the_limit_on_answers_to_forks() {
    let mut bench = level(9, LARGE);
    assert_eq!(bench.says(A, theirs(10), BlockOutcome::Fork), [one(A, ours(9))]);
    bench.grows(10, Some(A));
    assert_eq!(bench.says(A, theirs(12), BlockOutcome::Fork), []);
}

#[test]
fn a_reorg_while_our_chain_is_sent_is_told_and_built_on() {
    let mut bench = level(9, SMALL);
    assert_eq!(bench.says(A, theirs(8), BlockOutcome::Fork), [chain(A)]);
    assert_eq!(bench.reorgs(block(2, 12), None), [one(A, block(2, 12))]);
    assert_eq!(bench.chain_sent(A), [], "nothing of it is sent again");
}

#[test]
fn a_peer_that_stays_on_a_tip_of_the_same_work_is_a_split() {
    for say in [
        |bench: &mut Bench| bench.says(A, theirs(9), BlockOutcome::Tied),
        |bench: &mut Bench| bench.says(A, theirs(9), BlockOutcome::Level),
        |bench: &mut Bench| bench.sends(A, theirs(9), ChainOutcome::Equal),
        |bench: &mut Bench| bench.sends(A, theirs(10), ChainOutcome::Lighter),
    ] {
        let mut bench = level(9, SMALL);
        say(&mut bench);
        bench.passes(secs(19));
        assert_eq!(bench.machine.split(bench.now), None);
        bench.passes(secs(1));
        let split = bench.machine.split(bench.now).unwrap();
        assert_eq!((split.link, split.ours, split.lasts), (A, ours(9), secs(20)));
        assert_ne!(split.theirs, ours(9));
        bench.says(A, ours(9), BlockOutcome::Ours);
        assert_eq!(bench.machine.split(bench.now), None);
    }
    let mut bench = level(9, SMALL);
    bench.says(A, theirs(9), BlockOutcome::Fork);
    bench.says(A, theirs(8), BlockOutcome::Tied);
    bench.grows(10, None);
    bench.passes(secs(60));
    assert_eq!(bench.machine.split(bench.now), None, "ours has more work");
}

#[test]
fn a_peer_whose_branch_waits_for_the_operator_is_not_asked_for_it_again_and_again() {
    let mut bench = level(9, SMALL);
    bench.passes(secs(60));
    assert_eq!(bench.sends(A, theirs(20), ChainOutcome::Refused(Refusal::TooDeep)), []);
    bench.passes(secs(60));
    assert_eq!(bench.says(A, theirs(21), BlockOutcome::Fork), [], "that would draw its chain");
    assert_eq!(bench.asked(A), []);
    assert_eq!(bench.machine.split(bench.now), None);
    bench.tell(Input::ForksAccepted { firsts: vec![theirs(1).hash] });
    assert_eq!(bench.says(A, theirs(21), BlockOutcome::Fork), [one(A, ours(9))]);
    assert_eq!(bench.sends(A, theirs(21), ChainOutcome::Adopted), []);
}
