//! Sources that break off, or change.

use jenny_chain::cli::toolkit::text_of;

use super::*;
use crate::test_util::{Node, chain_of, usual_chain};

fn read(blocks: &mut Blocks<'_>) -> Result<Vec<u64>> {
    let mut heights = Vec::new();
    while let Some(block) = blocks.next()? {
        heights.push(block.header().height.get());
    }
    Ok(heights)
}

#[test]
fn a_source_that_breaks_off_is_asked_for_the_rest() {
    let mut node = Node::new(usual_chain("a", 20));
    let asked = std::rc::Rc::clone(&node.asked);
    // Before the first byte and within the magic bytes, within the head, within a block, within the
    // end; the last request is whole.
    *node.breaks.borrow_mut() = vec![usize::MAX, 4_000, 900, 900, 3, 0];
    let mut blocks = Blocks::new(&mut node, None, 20).pausing(|_| ());
    assert_eq!(read(&mut blocks).unwrap(), (0..=20).collect::<Vec<_>>());
    assert!(asked.borrow().len() > 4 && asked.borrow()[..3] == [0, 0, 0], "{asked:?}");
    assert!(asked.borrow().is_sorted());
    assert!(read(&mut blocks).unwrap().is_empty());
}

#[test]
fn a_source_that_gives_nothing_any_more_is_given_up() {
    let mut node = Node::new(usual_chain("a", 5));
    *node.breaks.borrow_mut() = vec![10; 100];
    let asked = std::rc::Rc::clone(&node.asked);
    let mut blocks = Blocks::new(&mut node, None, 5).pausing(|_| ());
    let text = text_of(&read(&mut blocks).unwrap_err());
    assert!(text.contains("ended early") && text.contains("hint: "), "{text}");
    assert_eq!(asked.borrow().len(), SOURCE_ATTEMPTS as usize);
}

#[test]
fn a_source_that_ends_before_the_last_block_is_asked_again() {
    let mut node = Node::new(usual_chain("a", 5));
    let mut blocks = Blocks::new(&mut node, None, 9).pausing(|_| ());
    let text = text_of(&read(&mut blocks).unwrap_err());
    assert!(text.contains("the chain of the node ends below block 9"), "{text}");
}

#[test]
fn blocks_that_a_reorg_took_away_are_not_continued() {
    let (own, other) = (usual_chain("own", 9), usual_chain("other", 9));
    let mut node = Node::new(other);
    let mut blocks = Blocks::new(&mut node, Some(own[4].id()), 9).pausing(|_| ());
    let error = blocks.open().unwrap_err();
    assert_eq!(error.downcast::<OffMainChain>().unwrap().last, own[4].id());
    // They were on the main chain before the connection broke.
    blocks.chain = Some(Spec::dev());
    let text = text_of(&read(&mut blocks).unwrap_err());
    assert!(text.contains("a reorg took away what was read of the node: block 4"), "{text}");
    assert!(text.contains("hint: run the same command again"), "{text}");
}

#[test]
fn a_source_may_not_change_its_chain() {
    let dev = usual_chain("a", 4);
    let spec = jenny_chain::chain::test_util::spec_with(&[("name", "\"other\"")]);
    let mut node = Node::of(spec.clone(), chain_of(&spec, vec![Vec::new(); 9]));
    let mut blocks = Blocks::new(&mut node, Some(dev[4].id()), 9).pausing(|_| ());
    blocks.chain = Some(Spec::dev());
    let text = text_of(&read(&mut blocks).unwrap_err());
    assert!(text.contains("the node changed to another chain\nhint: "), "{text}");
}

#[test]
fn nothing_is_read_where_nothing_is_missing() {
    let own = usual_chain("own", 9);
    let mut node = Node::new(own.clone());
    let mut blocks = Blocks::new(&mut node, Some(own[9].id()), 9);
    assert_eq!(blocks.open().unwrap(), Spec::dev());
    assert!(read(&mut blocks).unwrap().is_empty());
}
