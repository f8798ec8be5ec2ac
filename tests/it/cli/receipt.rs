//! `jenny receipt verify`.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use jenny_chain::chain::test_util::{chain, consistency, receipt};
use jenny_chain::chain::{Block, Spec, leaf_hash};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::Jenny;

/// A chain, and a directory for files about it.
struct Files {
    directory: TempDir,
    blocks: Vec<Block>,
}

impl Files {
    fn new() -> Self {
        let bodies: [&[&str]; 6] = [&["a"], &["b", "c", "d"], &[], &["e"], &["f"], &["g"]];
        Self { directory: TempDir::new().unwrap(), blocks: chain(&Spec::dev(), &bodies, 1_000) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn receipt(&self, height: usize, index: usize, tip: usize) -> String {
        let receipt = receipt(&self.blocks, height, index, tip);
        fs::write(self.path("receipt.json"), receipt.to_json(&Spec::dev())).unwrap();
        fs::read_to_string(self.path("receipt.json")).unwrap()
    }

    fn verify(&self, words: &str) -> Jenny {
        let mut jenny = Jenny::new("receipt").words("verify receipt.json").words(words);
        jenny.0.current_dir(self.directory.path());
        jenny
    }

    fn hash(&self, height: usize) -> String {
        self.blocks[height].header.hash().to_string()
    }
}

#[test]
fn a_sound_receipt_for_the_trusted_tip_is_ok() {
    let files = Files::new();
    files.receipt(2, 1, 5);
    let (id, record) = (files.hash(0), leaf_hash(b"c"));
    let (block, tip) = (files.hash(2), files.hash(5));
    let text = files.verify(&format!("--tip {tip}")).done().ok();
    let told = format!(
        "chain   {id}\n\
         record  {record}\n\
         index   1\n\
         block   {block}\n\
         time    2022-06-17T00:00:02.000Z\n\
         tip     {tip} at height 5\n"
    );
    assert_eq!(text, format!("ok anchored height=2\n{told}"));
    let text = files.verify("--unanchored").done().ok();
    assert_eq!(text, format!("ok not anchored height=2\n{told}"));
    let text = files.verify(&format!("--json --tip {tip}")).done().ok();
    let expected = json!({
        "ok": true, "sound": true, "anchored": true, "chainId": id,
        "recordId": record.to_string(), "recordIndex": 1,
        "block": { "height": 2, "hash": block }, "time": 1_655_424_002_000_u64,
        "tip": { "height": 5, "hash": tip },
    });
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
}

#[test]
fn without_a_trusted_tip_the_answer_is_no() {
    let files = Files::new();
    files.receipt(2, 1, 5);
    let text = files.verify("").done().failed(1);
    assert!(text.contains("error: the receipt is sound, but not anchored"), "{text}");
    assert!(text.contains(&files.hash(5)) && text.contains("--unanchored"), "{text}");
    let done = files.verify("--json").done();
    assert_eq!(done.code, Some(1));
    let told: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(told["ok"], false);
    assert_eq!((&told["sound"], &told["anchored"]), (&true.into(), &false.into()));
}

#[test]
fn a_broken_receipt_says_what_is_wrong_and_what_to_do() {
    let files = Files::new();
    let text = files.receipt(2, 1, 5);
    let tip = format!("--tip {}", files.hash(5));
    for (from, to, reason) in [
        ("\"record\":\"c\"", "\"record\":\"C\"", "the record is not in the block: `recordPath`"),
        ("\"recordIndex\":1", "\"recordIndex\":3", "`recordIndex` is 3"),
        ("\"nonce\":", "\"nonce\":1", "malformed: hash is"),
        ("jenny-receipt-1", "jenny-receipt-2", "`format` is `jenny-receipt-2`"),
        ("\"chainId\"", "\"chainID\"", "missing field `chainId`"),
    ] {
        fs::write(files.path("receipt.json"), text.replacen(from, to, 1)).unwrap();
        let told = files.verify(&tip).done().failed(1);
        assert!(told.starts_with("error: ") && told.contains(reason), "{told}");
        assert!(told.contains("\nhint: "), "{told}");
        let done = files.verify(&tip).words("--json").done();
        let told: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((done.code, &told["ok"]), (Some(1), &false.into()));
        assert!(told["reason"].as_str().unwrap().contains(reason), "{told}");
    }
    files.receipt(2, 1, 5);
    let told = files.verify(&format!("--tip {}", files.hash(6))).done().failed(1);
    assert!(told.contains(&format!("the tip is block 5 {}", files.hash(5))), "{told}");
}

#[test]
fn a_consistency_proof_leads_to_a_later_tip() {
    let files = Files::new();
    files.receipt(2, 1, 4);
    let proof = |from, to| {
        let proof = consistency(&files.blocks, from, to).to_json(&Spec::dev());
        fs::write(files.path("proof.json"), proof).unwrap();
    };
    let words = format!("--tip {} --consistency proof.json", files.hash(6));
    proof(4, 6);
    files.verify(&words).done().ok();
    files.verify("--consistency proof.json --unanchored").done().ok();
    files.verify("--consistency proof.json").done().failed(1);
    let told = files.verify(&words.replace(&files.hash(6), &files.hash(5))).done().failed(1);
    assert!(told.contains("the tip is block 6"), "{told}");
    proof(3, 6);
    let told = files.verify(&words).done().failed(1);
    assert!(told.contains("the consistency proof is from block 3"), "{told}");
    files.receipt(4, 0, 4);
    proof(4, 6);
    let told = files.verify(&words).done().failed(1);
    assert!(told.contains("hint: get a receipt for a later tip"), "{told}");
}

#[test]
fn what_cannot_be_read_is_a_usage_error() {
    let files = Files::new();
    let told = files.verify("--unanchored").done().failed(2);
    assert!(told.contains("reading receipt.json: "), "{told}");
    files.receipt(2, 1, 5);
    files.verify("--unanchored --consistency none.json").done().failed(2);
    files.verify("--tip 0baf558e").done().failed(2);
    files.verify(&format!("--unanchored --tip {}", files.hash(5))).done().failed(2);
    Jenny::new("receipt").words("verify").done().failed(2);
    Jenny::new("receipt").done().failed(2);
}

#[test]
fn a_receipt_may_come_through_a_pipe() {
    let files = Files::new();
    files.receipt(2, 1, 5);
    let mut jenny = Jenny::new("receipt").words("verify - --unanchored");
    jenny.0.stdin(Stdio::from(fs::File::open(files.path("receipt.json")).unwrap()));
    assert!(jenny.done().ok().starts_with("ok not anchored height=2\n"));
    // Not more is read than a receipt may have.
    let mut jenny = Jenny::new("receipt").words("verify - --unanchored");
    jenny.0.stdin(Stdio::from(fs::File::open("/dev/zero").unwrap()));
    let told = jenny.done().failed(1);
    assert!(told.contains("more than"), "{told}");
}
