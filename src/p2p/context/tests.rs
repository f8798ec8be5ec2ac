//! Whose a new tip is.

use super::*;

#[test]
fn the_link_that_brought_a_block_last_is_remembered_for_256_blocks() {
    let block = |name| Hash::new([name; 32]);
    let sources = Sources::default();
    assert_eq!(sources.link_of(block(1)), None);
    sources.note(LinkId(1), block(1));
    sources.note(LinkId(2), block(2));
    assert_eq!(sources.link_of(block(1)), Some(LinkId(1)));
    sources.note(LinkId(3), block(1));
    assert_eq!(sources.link_of(block(1)), Some(LinkId(3)));
    for _ in 0..MAX_BLOCK_SOURCES {
        sources.note(LinkId(2), block(2));
    }
    assert_eq!(sources.link_of(block(1)), None);
    assert_eq!(sources.link_of(block(2)), Some(LinkId(2)));
}
