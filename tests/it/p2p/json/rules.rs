//! Rules 1, 2, 4 and 5 of the JSON dialect: opening, relaying, forks and frames.

use super::script::play;

#[test]
fn a_node_that_dials_asks_for_the_tip_too() {
    play(
        "chain B 2
          node B2
          N dials S
          S< 0
          S> 0 1[B2]
          S< 1[B2]
          S quiet",
    );
}

#[test]
fn questions_of_one_second_are_answered_together_with_the_tip_alone() {
    play(
        "chain B 5
          node B5
          S opens B5
          S> 0
          S< 1[B5]
          S> 0 0
          S< 1[B5]
          S quiet",
    );
}

#[test]
fn the_first_question_waits_for_the_peer_s_tip_and_no_longer_than_a_second() {
    play(
        "chain B 1
          node B1
          S dials
          S> 0
          S< 0
          S< 1[B1] after 900    # it waits for S's tip, and answers without it
          S quiet",
    );
}

#[test]
fn a_block_is_relayed_to_every_link_but_the_one_it_came_from() {
    play(
        "chain B 3
          node B1
          S opens B1
          T opens B1
          S> 1[B2]
          T< 1[B2]
          S> 1[B3]
          T< 1[B3]
          S quiet
          T quiet
          N tip B3",
    );
}

#[test]
fn up_to_16_blocks_at_once_are_relayed_one_by_one() {
    play(
        "chain B 16
          node G
          S opens G
          T opens G
          S> 2[G..B16]
          T< 1[B1]..1[B16]
          S quiet
          T quiet",
    );
}

#[test]
fn more_than_16_blocks_at_once_are_relayed_as_a_stream() {
    play(
        "chain B 20
          node G
          S opens G
          T opens G
          S> 2[G..B20]
          T< 1[B1]..1[B20] 0
          T> 1[B20]
          S quiet
          T quiet",
    );
}

#[test]
fn after_a_reorg_only_the_new_tip_goes_out_and_a_seed_on_the_old_branch_gets_the_chain() {
    play(
        "chain B 3
          chain C 4 from B1
          node B3
          S opens B3
          T opens B3
          S> 2[G,B1,C2..C5]
          T< 1[C5]
          T> 2[G..B3]
          T< 2[G,B1,C2..C5]
          N tip C5
          N reorgs 1
          S quiet
          T quiet",
    );
}

#[test]
fn a_chain_that_ends_in_a_block_of_ours_draws_what_follows_and_never_a_chain() {
    play(
        "chain B 8
          node B8
          S opens B8
          S> 2[G..B5]
          S< 1[B6]..1[B8] 0
          S> 1[B8]
          S quiet",
    );
}

#[test]
fn a_chain_that_is_ours_draws_nothing() {
    play(
        "chain B 4
          node B4
          S opens B4
          S> 2[G..B4]
          S quiet",
    );
}

#[test]
fn a_chain_one_block_longer_is_taken() {
    play(
        "chain B 4
          node B3
          S opens B3
          S> 2[G..B4]
          N tip B4
          N reorgs 0
          S quiet",
    );
}

#[test]
fn a_lighter_chain_is_answered_with_ours_because_we_are_higher() {
    play(
        "chain B 6
          chain C 2 from B2
          node B6
          S opens B6
          S> 2[G,B1,B2,C3,C4]
          S< 2[G..B6]
          N tip B6
          S quiet",
    );
}

#[test]
fn a_chain_of_equal_height_and_work_draws_nothing_from_a_seed_link() {
    play(
        "chain B 4
          chain C 2 from B2
          node B4
          S opens B4
          S> 2[G,B1,B2,C3,C4]
          S quiet
          N tip B4
          N reorgs 0",
    );
}

#[test]
fn a_chain_of_equal_work_draws_nothing_on_a_link_with_a_token_either() {
    play(
        "chain B 4
          chain C 2 from B2
          node B4
          S dials jenny.json.1
          S> 0 1[B4]
          S< 0 1[B4]
          S> 2[G,B1,B2,C3,C4]
          S quiet
          N tip B4
          N reorgs 0",
    );
}

#[test]
fn whole_chains_are_sent_to_one_link_no_more_often_than_every_two_seconds() {
    play(
        "chain B 6
          chain C 2 from B2
          node B6
          S opens B6
          S> 2[G,B1,B2,C3,C4]
          S< 2[G..B6]
          S> 2[G,B1,B2,C3,C4] 2[G,B1,B2,C3] 1[C4]
          S quiet 1200",
    );
}

#[test]
fn a_chain_of_several_blocks_more_is_appended_without_a_swap() {
    play(
        "chain B 40
          node B1
          S opens B1
          S> 2[G..B40]
          N tip B40
          N reorgs 0
          S quiet",
    );
}
