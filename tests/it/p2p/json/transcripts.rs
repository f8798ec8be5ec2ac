//! The golden transcripts of docs/p2p.md, replayed against a running node.

use super::script::play;

#[test]
fn two_nodes_at_genesis_exchange_their_tips_and_are_quiet() {
    play(include_str!("transcripts/dial_at_genesis.txt"));
}

#[test]
fn a_block_mined_here_goes_to_the_seed_by_itself() {
    play(include_str!("transcripts/node_mines.txt"));
}

#[test]
fn of_a_seed_s_whole_chain_only_the_new_block_is_appended() {
    play(include_str!("transcripts/seed_mines.txt"));
}

#[test]
fn a_seed_that_is_behind_gets_the_missing_blocks_oldest_first() {
    play(include_str!("transcripts/seed_behind.txt"));
}

#[test]
fn a_seed_that_is_ahead_is_followed_in_one_swap() {
    play(include_str!("transcripts/seed_ahead.txt"));
}
