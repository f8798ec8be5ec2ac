//! Opening messages.

use super::*;
use crate::chain::Spec;

fn genesis() -> String {
    let genesis = Spec::dev().genesis();
    let mut text = Vec::new();
    let records = &genesis.block().records;
    write_block_json(&mut text, &Spec::dev(), genesis.header(), &genesis.hash(), records);
    String::from_utf8(text).unwrap()
}

#[test]
fn the_three_types_are_known_whatever_stands_beside_them() {
    for text in [ASK, r#"{"type":0}"#, r#" {"payload":[1],"type":0,"x":[{}]} "#] {
        assert!(matches!(open(text), Ok(Message::Ask)), "{text}");
    }
    assert!(matches!(open(r#"{"type":1,"payload":[]}"#), Ok(Message::Block("[]"))));
    assert!(matches!(open(r#"{"payload":7,"type":2}"#), Ok(Message::Chain("7"))));
    assert!(matches!(open(r#"{"type":1,"type":0}"#), Ok(Message::Ask)), "the last one counts");
}

#[test]
fn nesting_costs_no_stack() {
    let deep = "[".repeat(1 << 20) + &"]".repeat(1 << 20);
    assert!(matches!(open(&format!("{{\"x\":{deep}}}")), Ok(Message::Other)));
    assert_eq!(first_block(&format!("[{deep}]")), Err(NO_BLOCKS));
}

#[test]
fn of_several_blocks_the_first_counts_and_all_must_be_well_formed() {
    let genesis = genesis();
    let hash = Spec::dev().genesis().hash();
    assert_eq!(first_block(&format!("[{genesis},{genesis}]")).unwrap().hash(), hash);
    for payload in ["[]", "[null]", "{}", "null", &format!("[{genesis},{{}}]")] {
        assert_eq!(first_block(payload), Err(NO_BLOCKS), "{payload:.40}");
    }
}

#[test]
fn a_name_is_height_and_hash_alone() {
    let genesis = genesis();
    assert_eq!(name(&genesis), Some((0, Spec::dev().genesis().hash())));
    assert_eq!(name("{}"), None);
    assert_eq!(name("[]"), None);
}

#[test]
fn a_block_written_is_a_block_read() {
    let genesis = Spec::dev().genesis();
    let block = StoredBlock {
        header: *genesis.header(),
        hash: genesis.hash(),
        total_work: genesis.total_work(),
        records: genesis.block().records.clone(),
    };
    let text = String::from_utf8(block_message(&Spec::dev(), &block)).unwrap();
    let Ok(Message::Block(payload)) = open(&text) else { panic!("no block: {text}") };
    assert_eq!(first_block(payload).unwrap().block(), genesis.block());
}
