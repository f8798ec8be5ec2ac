//! Rule 2: telling of new blocks.

use super::*;

#[test]
fn a_new_block_goes_to_every_link_but_the_one_it_came_from() {
    let mut bench = Bench::level_with(A, 3);
    bench.open_level(B);
    bench.open_level(C);
    assert_eq!(bench.grows(4, Some(B)), [range(A, 4, 4), range(C, 4, 4)]);
}

#[test]
fn a_block_is_not_sent_back_even_when_its_source_is_not_told() {
    let mut bench = Bench::level_with(A, 3);
    bench.says(A, ours(4), BlockOutcome::Adopted);
    assert_eq!(bench.grows(4, None), []);
    bench.sends(A, ours(9), ChainOutcome::Adopted);
    assert_eq!(bench.grows(9, None), []);
}

#[test]
fn up_to_16_blocks_go_out_one_by_one() {
    let mut bench = Bench::level_with(A, 3);
    assert_eq!(bench.grows(19, None), [range(A, 4, 19)]);
    assert_eq!(bench.sent(A, ours(19)), [], "and nothing is asked");
}

#[test]
fn more_than_16_at_once_go_as_a_stream_from_the_last_block_known_to_be_held() {
    let mut bench = Bench::level_with(A, 3);
    assert_eq!(bench.grows(20, None), [range(A, 4, 20)]);
    assert_eq!(bench.sent(A, ours(20)), [ask(A)], "a stream is acknowledged");

    let mut bench = Bench::level_with(A, 3);
    bench.grows(5, None);
    bench.sent(A, ours(5));
    assert_eq!(bench.grows(30, None), [range(A, 6, 30)], "what was sent in order is held");
}

#[test]
fn more_than_16_at_once_wait_for_the_next_answer_when_nothing_is_known() {
    let mut bench = Bench::at(3);
    bench.open(A);
    assert_eq!(bench.grows(30, None), []);
    assert_eq!(bench.says(A, ours(3), BlockOutcome::Ours), [range(A, 4, 30)]);
}

#[test]
fn a_slow_socket_has_one_range_at_a_time_and_then_gets_the_rest() {
    let mut bench = Bench::level_with(A, 3);
    assert_eq!(bench.grows(4, None), [range(A, 4, 4)]);
    for height in 5..=9 {
        assert_eq!(bench.grows(height, None), []);
    }
    assert_eq!(bench.sent(A, ours(4)), [range(A, 5, 9)]);
    for height in 10..=40 {
        bench.grows(height, None);
    }
    assert_eq!(bench.sent(A, ours(9)), [range(A, 10, 40)]);
    assert_eq!(bench.sent(A, ours(40)), [ask(A)], "31 are a stream");
}

#[test]
fn nothing_is_announced_while_a_stream_runs() {
    let mut bench = Bench::at(9);
    bench.open(A);
    bench.says(A, ours(4), BlockOutcome::Ours);
    assert_eq!(bench.grows(10, None), []);
    bench.sent(A, ours(9));
    assert_eq!(bench.grows(11, None), []);
}

#[test]
fn after_a_reorg_only_the_new_tip_goes_out() {
    let mut bench = Bench::level_with(A, 3);
    bench.open_level(B);
    assert_eq!(bench.reorgs(theirs(40), Some(B)), [one(A, theirs(40))]);
}

#[test]
fn a_reorg_is_not_told_to_the_link_whose_chain_was_adopted() {
    let mut bench = Bench::level_with(A, 3);
    bench.sends(A, theirs(5), ChainOutcome::Adopted);
    assert_eq!(bench.reorgs(theirs(5), None), []);
    assert_eq!(bench.reorgs(theirs(7), Some(A)), []);
}

#[test]
fn a_missed_change_of_the_tip_is_told_as_a_reorg() {
    let mut bench = Bench::level_with(A, 3);
    bench.tip = ours(8);
    let change = TipChange::Extended { from: ours(7), source: None };
    assert_eq!(bench.tip(change), [one(A, ours(8))]);
}

#[test]
fn an_answer_that_was_overtaken_by_an_announcement_starts_no_stream() {
    let mut bench = Bench::level_with(A, 3);
    assert_eq!(bench.waits(secs(15)), [ask(A)]);
    bench.grows(5, None);
    bench.sent(A, ours(5));
    assert_eq!(bench.says(A, ours(3), BlockOutcome::Ours), []);
    // Said again, it means that the blocks did not arrive.
    assert_eq!(bench.says(A, ours(3), BlockOutcome::Ours), [range(A, 4, 5)]);
}

#[test]
fn a_peer_that_turns_out_behind_during_an_announcement_gets_its_stream_after_it() {
    let mut bench = Bench::level_with(A, 5);
    assert_eq!(bench.grows(6, None), [range(A, 6, 6)]);
    assert_eq!(bench.says(A, ours(2), BlockOutcome::Ours), []);
    assert_eq!(bench.sent(A, ours(6)), [range(A, 3, 6)]);
}

#[test]
fn a_peer_that_names_the_block_below_an_announcement_under_way_is_not_behind() {
    let mut bench = Bench::level_with(A, 5);
    assert_eq!(bench.grows(6, None), [range(A, 6, 6)]);
    assert_eq!(bench.says(A, ours(5), BlockOutcome::Ours), []);
    assert_eq!(bench.sent(A, ours(6)), []);
}

#[test]
fn a_second_reorg_under_a_stopping_range_is_told_and_built_on() {
    let mut bench = Bench::level_with(A, 9);
    bench.grows(10, None);
    assert_eq!(bench.reorgs(theirs(20), None), [stop(A), one(A, theirs(20))]);
    assert_eq!(bench.reorgs(ours(30), None), [one(A, ours(30))]);
    assert_eq!(bench.tell((A, JsonInput::RangeLost)), [], "nothing of it is sent again");
}
