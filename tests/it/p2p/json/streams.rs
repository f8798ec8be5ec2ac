//! Rule 3 of the JSON dialect: what one block draws, and the streams that catch a peer up.

use super::script::play;

#[test]
fn our_own_tip_draws_nothing() {
    play(
        "chain B 3
          node B3
          S opens B3
          S> 1[B3]
          S quiet",
    );
}

#[test]
fn a_block_that_extends_the_tip_is_appended_in_silence() {
    play(
        "chain B 4
          node B3
          S opens B3
          S> 1[B4]
          N tip B4
          S quiet",
    );
}

#[test]
fn an_earlier_block_of_ours_draws_the_blocks_after_it() {
    play(
        "chain B 9
          node B9
          S opens B9
          S> 1[B4]
          S< 1[B5]..1[B9] 0
          S> 1[B9]
          S quiet",
    );
}

#[test]
fn of_several_blocks_in_one_message_the_first_counts() {
    // A script's `1[..]` is one block each, so the message is written by hand.
    let branch = crate::process::Branch::new(jenny_chain::chain::Spec::dev()).grow("B", 3, 1_000);
    let node = crate::process::PeerNode::with(&branch.until(1));
    let mut link = super::Link::dial(&node.url);
    let blocks = format!("{},{}", branch.text(2), branch.text(3));
    link.send_text(&format!("{{\"type\":1,\"payload\":[{blocks}]}}"));
    node.until_tip(&branch.hash(2));
    node.stop_and_verify();
}

#[test]
fn a_higher_unknown_block_draws_our_tip_so_that_the_seed_sends_its_chain() {
    play(
        "chain B 3
          chain C 5 from B1
          node B3
          S opens B3
          S quiet 2100       # the answer to S's question named the same tip
          S> 1[C6]
          S< 1[B3]
          S> 2[G,B1,C2..C6]
          N tip C6
          N reorgs 1
          S quiet",
    );
}

#[test]
fn our_tip_sent_for_another_reason_counts_for_the_limit() {
    play(
        "chain B 3
          chain C 5 from B1
          node B3
          S opens B3
          S> 1[C6]
          S quiet 1000",
    );
}

#[test]
fn a_lower_fork_draws_our_whole_chain() {
    play(
        "chain B 6
          chain C 2 from B2
          node B6
          S opens B6
          S> 1[C4]
          S< 2[G..B6]
          S quiet",
    );
}

#[test]
fn a_fork_of_equal_height_draws_our_tip_from_a_seed_link() {
    play(
        "chain B 4
          chain C 2 from B2
          node B4
          S opens B4
          S quiet 2100
          S> 1[C4]
          S< 1[B4]
          S quiet",
    );
}

#[test]
fn a_fork_of_equal_height_draws_our_chain_on_a_link_with_a_token() {
    play(
        "chain B 4
          chain C 2 from B2
          node B4
          S dials jenny.json.1
          S> 0 1[B4]
          S< 0 1[B4]
          S> 1[C4]
          S< 2[G..B4]
          S quiet",
    );
}

#[test]
fn a_stream_waits_for_its_acknowledgement() {
    play(
        "chain B 200
          node B200
          S opens B200
          S> 1[G]
          S< 1[B1]..1[B128] 0
          S quiet 600
          S> 1[B128]
          S< 1[B129]..1[B200] 0
          S> 1[B200]
          S quiet",
    );
}

#[test]
fn while_a_stream_runs_neither_questions_nor_blocks_of_ours_draw_anything() {
    play(
        "chain B 140
          node B140
          S opens B140
          S quiet 1100       # a question that comes sooner waits, and the stream may end first
          S> 1[G]
          S< 1[B1]..1[B128] 0
          S> 0
          S quiet 400
          S> 1[B128]
          S< 1[B129]..1[B140] 0
          S> 1[B140]
          S quiet",
    );
}

#[test]
fn blocks_mined_under_a_stream_come_with_it_and_not_twice() {
    play(
        "chain B 140
          node B140
          S opens B140
          S> 1[G]
          S< 1[B1]..1[B128] 0
          N mines B
          S quiet 200
          S> 1[B128]
          S< 1[B129]..1[B141] 0
          S> 1[B141]
          S quiet",
    );
}

#[test]
fn a_stream_goes_on_when_the_tip_has_moved_before_its_last_acknowledgement() {
    play(
        "chain B 5
          node B5
          S opens B5
          S> 1[B2]
          S< 1[B3]..1[B5] 0
          N mines B
          S quiet 200
          S> 1[B5]
          S< 1[B6] 0
          S> 1[B6]
          S quiet",
    );
}

#[test]
fn after_a_stream_s_end_late_blocks_of_the_peer_draw_no_other_stream() {
    play(
        "chain B 60
          node B60
          S opens B60
          S> 1[B10]
          S< 1[B11]..1[B60] 0
          S> 1[B60]
          S quiet
          S> 2[G..B20] 1[B30] 2[G..B40]
          S quiet 1200",
    );
}

#[test]
fn any_other_answer_than_the_last_block_sent_ends_a_stream() {
    play(
        "chain B 200
          node B200
          S opens B200
          S> 1[G]
          S< 1[B1]..1[B128] 0
          S> 1[B70]
          S quiet 1200",
    );
}

#[test]
fn a_reorg_under_a_stream_stops_it_and_names_the_new_tip() {
    play(
        "chain B 140
          chain C 20 from B130
          node B140
          S opens B140
          T opens B140
          S> 1[G]
          S< 1[B1]..1[B128] 0
          T> 2[G..B130,C131..C150]
          N tip C150
          S< 1[C150]
          S quiet",
    );
}
