//! Databases of every released schema, written by that schema's own code, open as they were.

use std::fs;

use crate::process::open_here;
use jenny_chain::chain::{Header, Height, Spec};
use jenny_chain::store::{Options, open};
use migrations::fixtures::{Schema1Block, write_schema_1};

/// The blocks of the golden vectors, as schema 1 keeps them.
fn blocks() -> Vec<Schema1Block> {
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
    let options = Options { min_free_bytes: 0, ..Options::default() };
    let opened = open(directory.path(), &options, &mut |_| ()).unwrap();
    assert_eq!(opened.spec, Spec::dev());
    let view = opened.reader.view();
    assert_eq!(view.tip().header.height, Height::new(5));
    for (height, expected) in (0..).zip(&blocks) {
        let stored = view.block(Height::new(height)).unwrap().unwrap();
        assert_eq!(stored.header.encode(), expected.header);
        assert_eq!(stored.hash.as_bytes(), &expected.hash);
        assert_eq!(stored.total_work.to_bytes(), expected.total_work);
        assert_eq!(stored.records, expected.records);
    }
    opened.reader.check_all(&mut |_| true).unwrap();
}
