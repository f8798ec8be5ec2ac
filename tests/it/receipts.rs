//! The golden receipts: sound ones, and broken ones with what is wrong.

use jenny_chain::chain::test_util::{chain, consistency, receipt, seal, spec_with};
use jenny_chain::chain::{Block, Consistency, Hash, Header, Receipt, Spec, leaf_hash};
use serde_json::Value;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/receipts.json");

/// Records of the blocks above genesis.
const BODIES: [&[&str]; 8] = [
    &["one"],
    &[],
    &["a", "b", "c", "d", "e"],
    &["", "\u{b}\n\"\\ \u{1f600} \u{10ffff}", "same", "same"],
    &["x"; 9],
    &["last"],
    &["more"],
    &["tip", "of the chain"],
];

/// The chains of the vectors: one of one difficulty, and one whose difficulty rises.
fn chains() -> [(Spec, Vec<Block>); 2] {
    let rising = spec_with(&[("name", "\"rising\""), ("retarget_window", "10")]);
    [Spec::dev(), rising].map(|spec| {
        let blocks = chain(&spec, &BODIES, 1_000);
        (spec, blocks)
    })
}

fn text(receipt: &Receipt, spec: &Spec) -> String {
    String::from_utf8(receipt.to_json(spec)).unwrap()
}

/// The sound receipts, in the order of the file: name, text and tip.
fn sound() -> Vec<(&'static str, String, Receipt)> {
    let [(dev, flat), (rising, steep)] = chains();
    let jenny = Spec::jenny();
    let genesis = chain(&jenny, &[], 1);
    let mut sound = vec![("the genesis of jenny", receipt(&genesis, 0, 0, 0), &jenny)];
    for (name, height, index, tip) in [
        ("a chain of two blocks", 1, 0, 1),
        ("block 1 in the history of block 2", 1, 0, 2),
        ("the record of genesis", 0, 0, 5),
        ("the last of five records", 3, 4, 7),
        ("a record with escapes", 4, 1, 8),
        ("an empty record", 4, 0, 6),
        ("the tip's own record", 8, 1, 8),
    ] {
        sound.push((name, receipt(&flat, height, index, tip), &dev));
    }
    sound.push(("a difficulty that rises", receipt(&steep, 3, 2, 8), &rising));
    sound.push(("a tip that is more difficult than genesis", receipt(&steep, 8, 0, 8), &rising));
    let written =
        |(name, receipt, spec): (_, Receipt, &Spec)| (name, text(&receipt, spec), receipt);
    sound.into_iter().map(written).collect()
}

/// The broken receipts, in the order of the file: name and text.
fn broken() -> Vec<(&'static str, String)> {
    let [(dev, blocks), (rising, steep)] = chains();
    let good = receipt(&blocks, 3, 1, 7);
    let base = text(&good, &dev);
    let mut broken = Vec::new();
    let mut edit = |name, from: &str, to: &str| {
        let edited = base.replacen(from, to, 1);
        assert_ne!(edited, base, "{name}");
        broken.push((name, edited));
    };
    edit("another record", "\"record\":\"b\"", "\"record\":\"B\"");
    edit("another index", "\"recordIndex\":1", "\"recordIndex\":2");
    edit("an index behind the last", "\"recordIndex\":1", "\"recordIndex\":5");
    edit("an index that is no integer", "\"recordIndex\":1", "\"recordIndex\":1.0");
    edit("an index with an exponent", "\"recordIndex\":1", "\"recordIndex\":1e0");
    edit("a text for an index", "\"recordIndex\":1", "\"recordIndex\":\"1\"");
    edit("a negative index", "\"recordIndex\":1", "\"recordIndex\":-1");
    edit("an index beyond 2^53", "\"recordIndex\":1", "\"recordIndex\":9007199254740993");
    edit("another format", "jenny-receipt-1", "jenny-receipt-2");
    edit("no chain id", "\"chainId\":", "\"chain\":");
    edit("a repeated key", "{\"format\"", "{\"record\":\"b\",\"format\"");
    edit("half a surrogate pair", "\"record\":\"b\"", "\"record\":\"\\ud800\"");
    edit("a control character", "\"record\":\"b\"", "\"record\":\"\u{1}\"");
    edit("another header", "\"recordCount\":5", "\"recordCount\":4");
    edit("difficulty in one header", "\"difficulty\":1,", "");
    edit("another difficulty", "\"difficulty\":1,", "\"difficulty\":2,");
    edit("a difficulty of two spellings", "\"difficulty\":1,", "\"difficulty\":1.0,");
    edit("something after it", "]}", "]}]");
    let id = good.chain_id.to_string();
    edit("capital letters", &id, &id.to_uppercase());
    let mut with = |name, change: &dyn Fn(&mut Receipt)| {
        let mut changed = good.clone();
        change(&mut changed);
        broken.push((name, text(&changed, &dev)));
    };
    with("a short record path", &|receipt| receipt.record_path.truncate(1));
    with("a long record path", &|receipt| receipt.record_path.push(Hash::ZERO));
    with("a record path in another order", &|receipt| receipt.record_path.swap(0, 1));
    with("a short block path", &|receipt| receipt.block_path.truncate(1));
    with("a block path in another order", &|receipt| receipt.block_path.swap(0, 1));
    with("no path of genesis", &|receipt| receipt.genesis_path.clear());
    with("the id of another chain", &|receipt| receipt.chain_id = Spec::jenny().genesis().hash());
    with("a tip below the block", &|receipt| receipt.tip = blocks[2].header);
    with("another tip", &|receipt| receipt.tip = blocks[6].header);
    with("a block that is not mined", &|receipt| seal(&mut receipt.header, false));
    with("a tip that is not mined", &|receipt| seal(&mut receipt.tip, false));
    with("a header of version 2", &|receipt| {
        remine(&mut receipt.header, |header| header.version = 2);
    });
    with("a tip of version 2", &|receipt| remine(&mut receipt.tip, |header| header.version = 2));
    with("a block of the tip's height that is another", &|receipt| {
        receipt.tip = receipt.header;
        remine(&mut receipt.tip, |header| header.timestamp = header.timestamp.plus_millis(1));
        receipt.block_path.clear();
    });
    let own = receipt(&blocks, 5, 0, 5);
    let longer = Receipt { block_path: vec![Hash::ZERO], ..own };
    broken.push(("a path from the tip to itself", text(&longer, &dev)));
    let genesis = Receipt { chain_id: Hash::ZERO, ..receipt(&blocks, 0, 0, 0) };
    broken.push(("a genesis that is not the chain's", text(&genesis, &dev)));
    let base = text(&receipt(&steep, 3, 2, 8), &rising);
    let at = base.rfind("\"difficulty\":").unwrap() + "\"difficulty\":".len();
    let end = at + base[at..].find(',').unwrap();
    broken.push(("a difficulty of another chain", format!("{}1{}", &base[..at], &base[end..])));
    broken
}

/// Mines a header again after a change.
fn remine(header: &mut Header, change: impl FnOnce(&mut Header)) {
    change(header);
    seal(header, true);
}

fn vectors(part: &str) -> Vec<Value> {
    let vectors = std::fs::read_to_string(VECTORS).unwrap();
    let vectors: Value = serde_json::from_str(&vectors).unwrap();
    vectors[part].as_array().unwrap().clone()
}

#[test]
fn the_golden_receipts_are_ours_and_sound() {
    let vectors = vectors("sound");
    let sound = sound();
    assert_eq!(vectors.len(), sound.len());
    for (vector, (name, text, receipt)) in vectors.iter().zip(sound) {
        assert_eq!((vector["name"].as_str(), vector["text"].as_str()), (Some(name), Some(&*text)));
        assert_eq!(Receipt::parse(text.as_bytes()).unwrap(), receipt, "{name}");
        let verified = receipt.verify(Some(receipt.tip.hash())).unwrap();
        assert_eq!(vector["tip"], verified.tip.hash.to_string(), "{name}");
        assert_eq!(vector["recordId"], leaf_hash(receipt.record.as_bytes()).to_string(), "{name}");
    }
}

#[test]
fn the_broken_receipts_are_refused_for_their_reasons() {
    let vectors = vectors("broken");
    let broken = broken();
    assert_eq!(vectors.len(), broken.len());
    for (vector, (name, text)) in vectors.iter().zip(broken) {
        assert_eq!((vector["name"].as_str(), vector["text"].as_str()), (Some(name), Some(&*text)));
        let refused = Receipt::parse(text.as_bytes()).and_then(|receipt| receipt.verify(None));
        let error = refused.unwrap_err().to_string();
        assert!(error.starts_with(vector["error"].as_str().unwrap()), "{name}: {error}");
    }
}

#[test]
fn a_golden_consistency_proof_anchors_an_older_receipt() {
    let vectors = vectors("later");
    let [(dev, blocks), _] = chains();
    let proofs = [(4, 8), (5, 7), (7, 7)];
    assert_eq!(vectors.len(), proofs.len());
    for (vector, (from, to)) in vectors.iter().zip(proofs) {
        let (old, proof) = (receipt(&blocks, 3, 1, from), consistency(&blocks, from, to));
        let proof_text = String::from_utf8(proof.to_json(&dev)).unwrap();
        assert_eq!(vector["receipt"], text(&old, &dev));
        assert_eq!(vector["consistency"], proof_text);
        assert_eq!(vector["tip"], blocks[to].header.hash().to_string());
        assert_eq!(Consistency::parse(proof_text.as_bytes()).unwrap(), proof);
        assert!(old.verify_later(&proof, Some(blocks[to].header.hash())).unwrap().is_anchored);
    }
}
