//! What the documentation says of each route, in one file for each of its groups.

mod blocks;
mod chain;
mod node;
mod peers;
mod records;

pub(super) use blocks::{block, block_header, block_records, blocks, headers, held_block, series};
pub(super) use chain::{
    accept_fork, chain, chains, consistency, events, export, mine, name, reorg_records, reorgs,
};
pub(super) use node::{
    document, explorer, explorer_file, explorer_file_in_folder, explorer_item, explorer_page,
    explorer_redirect, live, live_options, metrics, page, ready, ready_options, set_log_level,
    show_log_level, status,
};
pub(super) use peers::{
    add_ban, add_known_peer, add_peer, add_peers, bans, forget_peer, known_peers, links, peers,
    remove_ban,
};
pub(super) use records::{add_records, cancel_record, pending_records, receipt, record, search};

/// A hash for examples: the id of the chain `jenny`.
const EXAMPLE_HASH: &str = "f0951e80830e50c655a00f321c956a47e7caa7e91ad7044193ae30783acaa8aa";

/// What heights and hashes look like within a longer text. Heights of 16 digits are left out.
const HEIGHT_EXPRESSION: &str = "(0|[1-9][0-9]{0,14})";
const HASH_EXPRESSION: &str = "[0-9a-f]{64}";
