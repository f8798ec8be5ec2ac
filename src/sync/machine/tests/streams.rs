//! Rule 3: catching a peer up.

use super::*;
use crate::sync::Redial;

/// A peer at height 0 that is being streamed to from a chain this high.
fn streaming(height: u64) -> Bench {
    let mut bench = Bench::at(height);
    bench.open(A);
    bench.asked(A);
    let to = height.min(128);
    assert_eq!(bench.says(A, ours(0), BlockOutcome::Ours), [range(A, 1, to)]);
    bench
}

/// The same, with the stream's last type 0 unanswered.
fn asking(height: u64) -> Bench {
    let mut bench = streaming(height);
    assert_eq!(bench.sent(A, ours(height)), [ask(A)]);
    bench
}

#[test]
fn our_tip_is_answered_with_nothing() {
    let mut bench = Bench::level_with(A, 3);
    assert_eq!(bench.says(A, ours(3), BlockOutcome::Ours), []);
    assert_eq!(bench.sends(A, ours(3), ChainOutcome::Ours), []);
}

#[test]
fn a_stream_asks_after_every_128_blocks_and_at_its_end() {
    let mut bench = streaming(300);
    assert_eq!(bench.sent(A, ours(128)), [ask(A)]);
    assert_eq!(bench.says(A, ours(128), BlockOutcome::Ours), [range(A, 129, 256)]);
    assert_eq!(bench.sent(A, ours(256)), [ask(A)]);
    assert_eq!(bench.says(A, ours(256), BlockOutcome::Ours), [range(A, 257, 300)]);
    assert_eq!(bench.sent(A, ours(300)), [ask(A)]);
    assert_eq!(bench.says(A, ours(300), BlockOutcome::Ours), []);
}

#[test]
fn a_chain_whose_last_block_is_ours_is_answered_with_a_stream() {
    let mut bench = Bench::level_with(A, 9);
    assert_eq!(bench.sends(A, ours(4), ChainOutcome::Ours), [range(A, 5, 9)]);
}

#[test]
fn a_stream_goes_on_while_our_tip_moves() {
    let mut bench = asking(9);
    bench.grows(11, None);
    assert_eq!(bench.says(A, ours(9), BlockOutcome::Ours), [range(A, 10, 11)]);
    assert_eq!(bench.sent(A, ours(11)), [ask(A)]);
    assert_eq!(bench.says(A, ours(11), BlockOutcome::Ours), []);
    assert_eq!(bench.grows(12, None), [range(A, 12, 12)], "then blocks are announced again");
}

#[test]
fn blocks_of_ours_start_no_second_stream() {
    let mut bench = streaming(300);
    for height in [0, 5, 128, 2] {
        assert_eq!(bench.says(A, ours(height), BlockOutcome::Ours), []);
    }
    assert_eq!(bench.sent(A, ours(128)), [ask(A)], "and it goes on");
}

#[test]
fn another_answer_than_the_last_block_ends_the_stream() {
    let mut bench = streaming(300);
    bench.sent(A, ours(128));
    assert_eq!(bench.says(A, ours(60), BlockOutcome::Ours), []);
    assert_eq!(bench.says(A, ours(128), BlockOutcome::Ours), [range(A, 129, 256)], "a new one");
}

#[test]
fn a_peer_that_got_further_by_other_means_is_streamed_to_from_there() {
    let mut bench = streaming(300);
    bench.sent(A, ours(128));
    assert_eq!(bench.says(A, ours(200), BlockOutcome::Ours), [range(A, 201, 300)]);
}

#[test]
fn a_fork_as_the_answer_ends_the_stream_and_is_answered_as_one() {
    let mut bench = asking(9);
    assert_eq!(bench.says(A, theirs(8), BlockOutcome::Fork), [chain(A)]);
    let mut bench = asking(9);
    bench.passes(secs(3));
    assert_eq!(bench.says(A, theirs(11), BlockOutcome::Fork), [one(A, ours(9))]);
}

#[test]
fn a_chain_ends_the_stream() {
    let mut bench = asking(9);
    assert_eq!(bench.sends(A, ours(9), ChainOutcome::Ours), []);
    assert_eq!(bench.waits(secs(31)), [ask(A), ask(A)], "nothing waits for an answer");

    let mut bench = streaming(300);
    assert_eq!(bench.sends(A, ours(3), ChainOutcome::Ours), []);
    assert_eq!(bench.sent(A, ours(128)), [ask(A), range(A, 129, 256)]);
}

#[test]
fn no_answer_within_30_s_closes_the_link() {
    let mut bench = asking(9);
    assert_eq!(bench.waits(Duration::from_millis(29_999)), []);
    let closed = bench.waits(Duration::from_millis(1));
    assert!(
        matches!(closed[..], [Output::Close { code: 1002, redial: Redial::Normal, .. }]),
        "{closed:?}"
    );
    assert_eq!(bench.machine.deadline(), None);
}

#[test]
fn the_peers_type_0_is_not_answered_while_a_stream_runs() {
    let mut bench = streaming(9);
    assert_eq!(bench.asked(A), []);
    bench.sent(A, ours(9));
    assert_eq!(bench.asked(A), []);
    bench.says(A, ours(9), BlockOutcome::Ours);
    assert_eq!(bench.asked(A), [one(A, ours(9))]);
}

#[test]
fn two_nodes_that_stream_to_each_other_both_give_way() {
    for is_sent in [false, true] {
        let mut bench = streaming(9);
        bench.says(A, ours(5), BlockOutcome::Ours);
        if is_sent {
            bench.sent(A, ours(9));
        }
        assert_eq!(bench.asked(A), [one(A, ours(9))]);
        if !is_sent {
            bench.sent(A, ours(9));
        }
        let later = bench.waits(secs(60));
        assert!(later.iter().all(|output| *output == ask(A)), "{later:?}");
    }
}

#[test]
fn for_30_s_after_a_stream_no_block_below_its_last_one_starts_another() {
    let mut bench = asking(9);
    bench.says(A, ours(9), BlockOutcome::Ours);
    for _ in 0..300 {
        assert_eq!(bench.says(A, ours(3), BlockOutcome::Ours), []);
        assert_eq!(bench.sends(A, ours(3), ChainOutcome::Ours), []);
    }
    bench.waits(Duration::from_millis(29_999));
    assert_eq!(bench.sends(A, ours(3), ChainOutcome::Ours), []);
    bench.waits(Duration::from_millis(1));
    assert_eq!(bench.says(A, ours(3), BlockOutcome::Ours), [range(A, 4, 9)]);
}

#[test]
fn a_reorg_under_a_stream_stops_it_and_sends_the_tip() {
    let mut bench = streaming(300);
    assert_eq!(bench.reorgs(theirs(301), None), [stop(A), one(A, theirs(301))]);
    assert_eq!(bench.tell((A, JsonInput::RangeLost)), [ask(A)]);

    let mut bench = asking(9);
    assert_eq!(bench.reorgs(theirs(10), None), [one(A, theirs(10))]);
    assert_eq!(bench.waits(secs(31)), [ask(A), ask(A)], "nothing waits for an answer");
}

#[test]
fn blocks_after_a_reorg_wait_until_the_old_range_has_stopped() {
    let mut bench = Bench::level_with(A, 9);
    bench.grows(10, None);
    bench.reorgs(ours(20), None);
    assert_eq!(bench.grows(21, None), []);
    assert_eq!(bench.tell((A, JsonInput::RangeLost)), [range(A, 21, 21)]);
}

#[test]
fn who_brought_a_later_block_is_not_behind() {
    let mut bench = Bench::level_with(A, 3);
    bench.says(A, ours(8), BlockOutcome::Adopted);
    bench.grows(8, Some(A));
    assert_eq!(bench.says(A, ours(5), BlockOutcome::Ours), []);
}

#[test]
fn each_link_has_its_own_stream() {
    let mut bench = streaming(300);
    bench.open(B);
    assert_eq!(bench.says(B, ours(290), BlockOutcome::Ours), [range(B, 291, 300)]);
    assert_eq!(bench.sent(B, ours(300)), [ask(B)]);
    assert_eq!(bench.sent(A, ours(128)), [ask(A)]);
    assert_eq!(bench.says(B, ours(300), BlockOutcome::Ours), []);
    assert_eq!(bench.says(A, ours(128), BlockOutcome::Ours), [range(A, 129, 256)]);
}
