//! Databases of every released schema, written by that schema's own code, open as they were.

mod upgrade;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::process::open_here;
use crate::support::until;
use jenny_chain::chain::{BlockId, Hash, Header, Height, Spec, Timestamp, leaf_hash};
use jenny_chain::node::{Links, Node, NodeConfig, RecordLocation};
use jenny_chain::store::{Ban, BookEntry, Opened, Options, open};
use migrations::fixtures::{Schema1Block, Schema2Peer, write_schema_1, write_schema_2};

/// The blocks of the golden vectors, as schema 1 keeps them.
pub(super) fn blocks() -> Vec<Schema1Block> {
    let text = fs::read_to_string("tests/vectors/chain.json").unwrap();
    let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut work = ruint::aliases::U256::ZERO;
    let genesis = std::iter::once(&vectors["genesis"]["dev"]);
    genesis
        .chain(vectors["blocks"]["dev"].as_array().unwrap())
        .map(|block| {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let header: Vec<u8> = {
                let hex = text(&block["headerHex"]);
                let digits = hex.as_bytes().chunks(2);
                digits
                    .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                    .collect()
            };
            let header: [u8; 132] = header.try_into().unwrap();
            work += text(&block["work"]).parse::<ruint::aliases::U256>().unwrap();
            let records = block["block"]["data"].as_array().unwrap().iter().map(text).collect();
            let hash = *Header::decode(&header).hash().as_bytes();
            Schema1Block { hash, header, total_work: work.to_be_bytes(), records }
        })
        .collect()
}

#[test]
fn a_database_of_schema_1_opens_block_by_block() {
    let directory = tempfile::tempdir().unwrap();
    let _open = open_here();
    let blocks = blocks();
    let folder = directory.path().join("db");
    write_schema_1(&folder, &Spec::dev().canonical_text(), &blocks).unwrap();
    let opened = open_as_it_is(directory.path());
    holds(&opened, &blocks);
    assert!(opened.reader.book().entries().unwrap().is_empty());
    assert!(opened.reader.bans().entries(Timestamp::from_millis(0)).is_empty());
}

#[test]
fn a_database_of_schema_2_keeps_what_it_knows_of_peers() {
    let directory = tempfile::tempdir().unwrap();
    let _open = open_here();
    let blocks = blocks();
    let peers = [
        Schema2Peer::Known("ws://192.0.2.1:7545".to_owned(), 1_700_000_000_000, 2),
        Schema2Peer::Learned("ws://192.0.2.2:7545".to_owned(), 1),
        Schema2Peer::Ban(
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 3],
            5,
            "why".to_owned(),
        ),
    ];
    let folder = directory.path().join("db");
    write_schema_2(&folder, &Spec::dev().canonical_text(), &blocks, &peers).unwrap();
    let opened = open_as_it_is(directory.path());
    holds(&opened, &blocks);
    let entry = |address: &str, last_success, failures, learned| BookEntry {
        address: address.to_owned(),
        last_success,
        failures,
        learned,
    };
    let known = [
        entry("ws://192.0.2.1:7545", 1_700_000_000_000, 2, false),
        entry("ws://192.0.2.2:7545", 0, 1, true),
    ];
    assert_eq!(opened.reader.book().entries().unwrap(), known);
    let ban = Ban {
        address: "192.0.2.3".parse().unwrap(),
        until: Timestamp::from_millis(5),
        reason: "why".to_owned(),
        by_operator: false,
    };
    assert_eq!(opened.reader.bans().entries(Timestamp::from_millis(4)), [ban]);
}

#[tokio::test]
async fn a_database_of_schema_2_is_indexed_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let blocks = blocks();
    let folder = directory.path().join("db");
    let opened = {
        let _open = open_here();
        write_schema_2(&folder, &Spec::dev().canonical_text(), &blocks, &[]).unwrap();
        open_as_it_is(directory.path())
    };
    // Genesis alone is indexed at opening.
    assert_eq!(opened.reader.indexed(), Height::GENESIS);
    let node = Node::start(opened, NodeConfig::default(), Links::none());
    let handle = node.handle();
    until("indexed", || handle.status().indexed == Height::new(5)).await;
    let mut seen = HashSet::new();
    for (height, block) in (0..).map(Height::new).zip(&blocks) {
        let id = BlockId { height, hash: Hash::new(block.hash) };
        assert_eq!(handle.find_block(id.hash).await.unwrap(), Some(id));
        for (position, record) in (0..).zip(&block.records) {
            if seen.insert(record) {
                let found = handle.find_record(leaf_hash(record.as_bytes())).await.unwrap();
                assert_eq!(found, Some(RecordLocation { block: id, position }));
            }
        }
    }
    tokio::task::spawn_blocking(|| node.stop()).await.unwrap().unwrap();
}

fn open_as_it_is(directory: &Path) -> Opened {
    let options = Options { min_free_bytes: 0, ..Options::default() };
    open(directory, &options, &mut |_| ()).unwrap()
}

fn holds(opened: &Opened, blocks: &[Schema1Block]) {
    assert_eq!(opened.spec, Spec::dev());
    let view = opened.reader.view();
    assert_eq!(view.tip().header.height, Height::new(5));
    for (height, expected) in (0..).zip(blocks) {
        let stored = view.block(Height::new(height)).unwrap().unwrap();
        assert_eq!(stored.header.encode(), expected.header);
        assert_eq!(stored.hash.as_bytes(), &expected.hash);
        assert_eq!(stored.total_work.to_bytes(), expected.total_work);
        assert_eq!(stored.records, expected.records);
    }
    opened.reader.check_all(&mut |_| true).unwrap();
}
