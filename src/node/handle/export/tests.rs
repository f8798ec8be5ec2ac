//! What an export of a running node holds.

use crate::chain::Height;
use crate::node::NodeHandle;
use crate::node::test_util::TestNode;
use crate::store::archive::{Decoder, ExportRange, Item};
use crate::store::{OwnMark, StoreError};

/// The entries of an export of the whole chain: blocks, marks, pending records.
async fn items(node: &NodeHandle, has_own: bool) -> (usize, Vec<OwnMark>, Vec<String>) {
    let handle = node.clone();
    let bytes = move || {
        let range = ExportRange { from: Height::GENESIS, to: Height::new(u64::MAX) };
        let mut export = handle.export(range, has_own).unwrap();
        let mut bytes = Vec::new();
        loop {
            let part = export.read()?;
            if part.is_empty() {
                return Ok::<_, StoreError>(bytes);
            }
            bytes.extend(part);
        }
    };
    let bytes = node.read(bytes).await.unwrap();
    let mut decoder = Decoder::new(&bytes[..]).unwrap();
    assert_eq!(decoder.start().has_own, has_own);
    let (mut blocks, mut marks, mut pending) = (0, Vec::new(), Vec::new());
    while let Some(item) = decoder.next().unwrap() {
        match item {
            Item::Block(_) => blocks += 1,
            Item::OwnMark(mark) => marks.push(mark),
            Item::Pending(text) => pending.push(text),
        }
    }
    (blocks, marks, pending)
}

#[tokio::test]
async fn own_records_and_marks_go_with_the_blocks_when_they_are_wanted() {
    let node = TestNode::idle();
    let texts = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
    node.handle.submit(texts(["waits", "is mined"])).await.unwrap();
    let mined = node.handle.mine(texts(["is mined", "by request"])).await.unwrap();
    let (blocks, marks, pending) = items(&node.handle, true).await;
    assert_eq!((blocks, pending), (2, vec!["waits".to_owned()]));
    assert_eq!(marks.len(), 3, "a block and two records: {marks:?}");
    assert!(matches!(marks[0], OwnMark::Block(id) if id.hash == mined.hash));
    assert_eq!(items(&node.handle, false).await, (2, Vec::new(), Vec::new()));
}
