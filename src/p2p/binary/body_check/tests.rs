//! Tests of bodies checked against their headers.

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{Block, TipState};
use crate::p2p::test_util::dev;
use crate::sync::Input;

/// The headers and bodies of a fresh branch.
fn bodies(count: u64) -> (Vec<(ValidHeader, Body)>, Vec<Block>) {
    let spec = Spec::dev();
    let mut branch = Branch::from_genesis(&spec);
    branch.grow(count, "a");
    let mut state = TipState::genesis(&spec);
    let check = |block: &Block| {
        let header = state.check_next(&spec, &block.header, block.header.timestamp).unwrap();
        state.extend_header(&header);
        (header, Body::of(&block.records).unwrap())
    };
    (branch.blocks.iter().map(check).collect(), branch.blocks.clone())
}

#[test]
fn right_bodies_become_blocks() {
    let (bodies, expected) = bodies(20);
    let (blocks, fault) = hold_against(&Spec::dev(), bodies);
    assert_eq!(fault, None);
    let blocks: Vec<_> = blocks.into_iter().map(ValidBlock::into_block).collect();
    assert_eq!(blocks, expected);
}

#[test]
fn the_first_wrong_body_ends_it_and_says_why() {
    let wrong = |records: &[&str]| {
        let records: Vec<_> = records.iter().map(|&record| record.to_owned()).collect();
        Body::of(&records).unwrap()
    };
    for (body, why) in [
        (wrong(&["b 6"]), "merkle"),
        (wrong(&[]), "as many records"),
        (wrong(&["a 6", "a 6"]), "as many records"),
    ] {
        let (mut bodies, _) = bodies(10);
        bodies[5].1 = body;
        let (blocks, fault) = hold_against(&Spec::dev(), bodies);
        assert_eq!(blocks.len(), 5);
        assert!(fault.as_ref().is_some_and(|fault| fault.contains(why)), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_worked_out_is_told() {
    let (node, context, mut told) = dev();
    let (link, first) = (LinkId(1), Height::new(1));
    let (bodies, blocks) = bodies(3);
    check(Arc::clone(&context), None, link, 9, first, bodies).await;
    let Some(Event::Checked {
        checked: BinaryInput::Checked { link: LinkId(1), download: 9, blocks: right, .. },
        to_ban: None,
    }) = told.recv().await
    else {
        panic!("not what was checked")
    };
    assert_eq!(right.len(), 3);
    node.handle.import(blocks[..2].to_vec()).await.unwrap();
    let ids =
        right.iter().map(|block| BlockId { height: block.header().height, hash: block.hash() });
    find_held_ancestor(Arc::clone(&context), link, 4, ids.collect()).await;
    let Some(Event::Input(Input::Binary(BinaryInput::HeldAncestor {
        query: 4,
        held: Some(Held { place: 1, state, .. }),
        ..
    }))) = told.recv().await
    else {
        panic!("not the base")
    };
    assert_eq!(state.hash(), right[1].hash());
}

#[tokio::test]
async fn a_check_that_panics_blames_nobody_and_gives_its_place_back() {
    let (_node, context, mut told) = dev();
    let places = context.checks.available_permits();
    let to_ban = Some("192.0.2.1".parse().unwrap());
    let (link, first) = (LinkId(1), Height::new(1));
    // More often than there are places.
    for _ in 0..=places {
        check_by(Arc::clone(&context), to_ban, link, (9, first), || panic!("a defect")).await;
        let Some(Event::Input(unchecked)) = told.recv().await else {
            panic!("the machine waits for it")
        };
        assert_eq!(unchecked, BinaryInput::Unchecked { link, download: 9, first }.into());
        assert!(told.try_recv().is_err(), "nothing bans the address");
        assert_eq!(context.checks.available_permits(), places);
    }
}
