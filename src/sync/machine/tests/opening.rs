//! Rule 1: asking, and answering.

use super::*;

#[test]
fn a_link_opens_with_type_0_and_asks_again_every_15_s() {
    let mut bench = Bench::at(3);
    assert_eq!(bench.open(A), [ask(A)]);
    assert_eq!(bench.waits(Duration::from_millis(14_999)), []);
    assert_eq!(bench.waits(Duration::from_millis(1)), [ask(A)]);
    assert_eq!(bench.waits(secs(45)), [ask(A), ask(A), ask(A)]);
}

#[test]
fn the_first_type_0_is_answered_after_the_peers_first_type_1() {
    let mut bench = Bench::at(3);
    bench.open(A);
    assert_eq!(bench.asked(A), []);
    assert_eq!(bench.says(A, ours(3), BlockOutcome::Ours), [one(A, ours(3))]);
    assert_eq!(bench.waits(secs(2)), []);
}

#[test]
fn the_first_type_0_is_answered_after_one_second_without_a_type_1() {
    let mut bench = Bench::at(3);
    bench.open(A);
    assert_eq!(bench.asked(A), []);
    assert_eq!(bench.asked(A), []);
    assert_eq!(bench.waits(Duration::from_millis(999)), []);
    assert_eq!(bench.waits(Duration::from_millis(1)), [one(A, ours(3))]);
}

#[test]
fn a_type_0_after_the_first_type_1_is_answered_at_once() {
    let mut bench = Bench::at(3);
    bench.open(A);
    assert_eq!(bench.says(A, ours(3), BlockOutcome::Ours), []);
    assert_eq!(bench.asked(A), [one(A, ours(3))]);
    assert_eq!(bench.asked(A), [one(A, ours(3))]);
}

#[test]
fn the_stream_is_the_answer_to_the_first_type_0_of_a_peer_behind() {
    let mut bench = Bench::at(9);
    bench.open(A);
    bench.asked(A);
    assert_eq!(bench.says(A, ours(4), BlockOutcome::Ours), [range(A, 5, 9)]);
    assert_eq!(bench.waits(secs(2)), []);
}

#[test]
fn a_first_block_that_is_not_taken_still_lets_type_0_be_answered() {
    for outcome in
        [BlockOutcome::Refused(Refusal::NotYet), BlockOutcome::Refused(Refusal::Unavailable)]
    {
        let mut bench = Bench::at(3);
        bench.open(A);
        bench.asked(A);
        assert_eq!(bench.says(A, theirs(4), outcome), [one(A, ours(3))]);
    }
}

#[test]
fn our_chain_answers_the_first_type_0_of_a_lower_fork() {
    let mut bench = Bench::at(9);
    bench.open(A);
    bench.asked(A);
    assert_eq!(bench.says(A, theirs(4), BlockOutcome::Fork), [chain(A)]);
}

#[test]
fn a_link_that_is_not_open_is_ignored() {
    let mut bench = Bench::level_with(A, 3);
    bench.tell(Input::Closed { link: A });
    assert_eq!(bench.asked(A), []);
    assert_eq!(bench.says(A, theirs(9), BlockOutcome::Fork), []);
    assert_eq!(bench.grows(4, None), []);
    assert_eq!(bench.machine.deadline(), None);
}

#[test]
fn type_0_is_answered_with_a_block_that_came_on_the_link_before_the_tip_is_told() {
    let mut bench = Bench::level_with(A, 3);
    bench.says(A, ours(7), BlockOutcome::Adopted);
    assert_eq!(bench.asked(A), [one(A, ours(7))], "the peer may wait for just that");
    bench.grows(9, None);
    bench.sent(A, ours(9));
    assert_eq!(bench.asked(A), [one(A, ours(9))]);
}
