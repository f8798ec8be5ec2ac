//! The text of a receipt: what is read, and that no byte of it is free.

use serde_json::Value;

use super::*;
use crate::chain::{ParseHashError, write_header_json};

fn text(height: usize, index: usize, tip: usize) -> String {
    let (spec, blocks) = sample();
    String::from_utf8(receipt(&blocks, height, index, tip).to_json(&spec)).unwrap()
}

fn read(text: &str) -> Result<Verified, ReceiptError> {
    Receipt::parse(text.as_bytes())?.verify(None)
}

fn malformed(text: &str) -> String {
    match Receipt::parse(text.as_bytes()) {
        Err(ReceiptError::Malformed(reason)) => reason.to_string(),
        other => panic!("{other:?}: {text}"),
    }
}

#[test]
fn no_changed_byte_of_a_receipt_goes_unnoticed() {
    // One with paths and another difficulty at its tip, and one of escapes and of a tip's record.
    for text in [text(4, 1, 7), text(3, 4, 7), text(8, 0, 8), text(0, 0, 2)] {
        let value: Value = serde_json::from_str(&text).unwrap();
        for at in 0..text.len() {
            for change in [1, 2, 32, 128] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= change;
                let result = Receipt::parse(&bytes).and_then(|receipt| receipt.verify(None));
                // `\u000B` is another spelling of `\u000b`.
                let is_same = || serde_json::from_slice::<Value>(&bytes).unwrap() == value;
                assert!(
                    result.is_err() || is_same(),
                    "byte {at}: {}",
                    String::from_utf8_lossy(&bytes)
                );
            }
        }
    }
}

#[test]
fn no_truncated_receipt_is_read() {
    let text = text(4, 1, 7);
    for end in 0..text.len() {
        assert!(Receipt::parse(&text.as_bytes()[..end]).is_err(), "{end} bytes");
    }
    malformed(&format!("{text}."));
    read(&format!(" \r\n\t{text}\n")).unwrap();
}

#[test]
fn a_receipt_is_written_in_one_order() {
    let (spec, blocks) = sample();
    let receipt = receipt(&blocks, 4, 1, 7);
    let path = |path: &[Hash]| {
        let quoted: Vec<_> = path.iter().map(|hash| format!("\"{hash}\"")).collect();
        format!("[{}]", quoted.join(","))
    };
    let header = |header: &Header| {
        let mut out = Vec::new();
        write_header_json(&mut out, &spec, header, &header.hash());
        String::from_utf8(out).unwrap()
    };
    let expected = format!(
        "{{\"format\":\"jenny-receipt-1\",\"chainId\":\"{}\",\"record\":\"\\u000b\\n\\\"\\\\ 😀 \u{10ffff}\",\
         \"recordIndex\":1,\"recordPath\":{},\"header\":{},\"blockPath\":{},\"tip\":{},\
         \"genesisPath\":{}}}",
        receipt.chain_id,
        path(&receipt.record_path),
        header(&receipt.header),
        path(&receipt.block_path),
        header(&receipt.tip),
        path(&receipt.genesis_path),
    );
    assert_eq!(String::from_utf8(receipt.to_json(&spec)).unwrap(), expected);
}

#[test]
fn a_key_is_there_once_and_unknown_ones_are_ignored() {
    let text = text(4, 1, 7);
    for key in [
        "chainId",
        "record",
        "recordIndex",
        "recordPath",
        "header",
        "blockPath",
        "tip",
        "genesisPath",
    ] {
        let renamed = text.replacen(&format!("\"{key}\":"), "\"other\":", 1);
        assert!(malformed(&renamed).contains(&format!("missing field `{key}`")), "{key}");
        let twice = text.replacen('{', &format!("{{\"{key}\":0,"), 1);
        malformed(&twice);
    }
    let value = |key: &str| {
        let value: Value = serde_json::from_str(&text).unwrap();
        value[key].to_string()
    };
    for key in ["chainId", "recordIndex", "genesisPath", "tip"] {
        let twice = text.replacen('{', &format!("{{\"{key}\":{},", value(key)), 1);
        assert!(malformed(&twice).contains(&format!("duplicate field `{key}`")), "{key}");
    }
    read(&text.replacen('{', "{\"other\":[{\"deep\":[1e999]}],", 1)).unwrap();
    let deep = format!("{{\"other\":{}{},", "[".repeat(127), "]".repeat(127));
    let refused = read(&text.replacen('{', &deep, 1)).unwrap_err();
    assert_eq!(variant(&refused), "TooDeep");
    read(&text.replacen('{', &deep.replacen("[]", "1", 1), 1)).unwrap();
}

#[test]
fn numbers_and_hashes_have_one_spelling() {
    let text = text(4, 1, 7);
    for number in ["1.0", "1e0", "-1", "-0", "01", "\"1\"", "null", "9007199254740992", "[]"] {
        malformed(&text.replace("\"recordIndex\":1", &format!("\"recordIndex\":{number}")));
        malformed(&text.replace("\"height\":7", &format!("\"height\":{number}")));
    }
    assert_eq!(
        variant(&read(&text.replace("Index\":1", "Index\":9007199254740991")).unwrap_err()),
        "RecordIndex"
    );
    malformed(&text.replace("\"recordCount\":4", "\"recordCount\":4294967296"));
    let (_, blocks) = sample();
    let id = blocks[0].header.hash().to_string();
    for hash in [&id[1..], &id.to_uppercase(), &format!("{id}0"), &format!("0x{}", &id[2..]), ""] {
        let reason = malformed(&text.replacen(&id, hash, 1));
        assert!(reason.contains(&ParseHashError.to_string()), "{reason}");
    }
    malformed(&text.replacen("\"record\":\"", "\"record\":\"\\ud800", 1));
    malformed(&text.replacen("\"record\":\"", "\"record\":\"\u{1}", 1));
}

#[test]
fn a_header_with_another_hash_is_not_read() {
    let text = text(4, 1, 7);
    let reason = malformed(&text.replace("\"recordCount\":4", "\"recordCount\":5"));
    assert!(reason.contains("the header's is"), "{reason}");
}

#[test]
fn both_difficulties_are_those_of_one_chain() {
    let text = text(4, 1, 7);
    let shown: Vec<_> = text
        .split("\"difficulty\":")
        .skip(1)
        .map(|rest| rest.split(',').next().unwrap().to_owned())
        .collect();
    assert_ne!(shown[0], shown[1]);
    let member = |shown: &str| format!("\"difficulty\":{shown},");
    for other in ["1", "0", "-1", "1e400", "null", "\"1\"", "[]", &format!("{}0", shown[0])] {
        for shown in &shown {
            let refused = read(&text.replacen(&member(shown), &member(other), 1)).unwrap_err();
            assert_eq!(variant(&refused), "Difficulty", "{other} for {shown}");
        }
    }
    // In both headers or in none.
    let without = text.replacen(&member(&shown[0]), "", 1);
    assert_eq!(variant(&read(&without).unwrap_err()), "Difficulty");
    read(&without.replacen(&member(&shown[1]), "", 1)).unwrap();
}

#[test]
fn another_format_is_named() {
    let text = text(4, 1, 7);
    for other in [text.replace("receipt-1", "receipt-2"), "{\"format\":\"x\"}".to_owned()] {
        let refused = Receipt::parse(other.as_bytes()).unwrap_err();
        assert_eq!(variant(&refused), "Format");
    }
    assert!(malformed("{\"format\":\"jenny-receipt-1\"}").contains("missing field"));
    malformed("{\"format\":1}");
    malformed("[]");
    malformed("");
}

#[test]
fn sizes_are_bounded() {
    let text = text(4, 1, 7);
    let spaces = MAX_RECEIPT_BYTES - text.len();
    read(&format!("{text}{}", " ".repeat(spaces))).unwrap();
    let refused = read(&format!("{text}{}", " ".repeat(spaces + 1))).unwrap_err();
    assert_eq!(variant(&refused), "TooLarge");
    let path = |count: usize| vec![format!("\"{}\"", "0".repeat(64)); count].join(",");
    let with = |count: usize| {
        let (before, rest) = text.split_once("\"blockPath\":[").unwrap();
        let (_, after) = rest.split_once(']').unwrap();
        format!("{before}\"blockPath\":[{}]{after}", path(count))
    };
    assert_eq!(variant(&read(&with(64)).unwrap_err()), "BlockPath");
    assert!(malformed(&with(65)).contains("more than 64 hashes"));
}

#[test]
fn a_consistency_proof_contradicts_its_header_nowhere() {
    let (spec, blocks) = sample();
    let text = String::from_utf8(consistency(&blocks, 5, 8).to_json(&spec)).unwrap();
    let refused = |text: &str| variant(&Consistency::parse(text.as_bytes()).unwrap_err());
    assert_eq!(refused(&text.replacen("\"to\":8", "\"to\":7", 1)), "ConsistencyHeader");
    let root = blocks[8].header.history_root.to_string();
    assert_eq!(refused(&text.replacen(&root, &"0".repeat(64), 1)), "ConsistencyHeader");
    assert_eq!(refused("{}"), "Malformed");
    let old = receipt(&blocks, 3, 2, 5);
    let ignored = text.find("\"difficulty\"").unwrap()..text.find(",\"nonce\"").unwrap();
    for at in (0..text.len()).filter(|at| !ignored.contains(at)) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let result = Consistency::parse(&bytes)
            .and_then(|proof| old.verify_later(&proof, Some(blocks[8].header.hash())));
        assert!(result.is_err(), "byte {at}: {}", String::from_utf8_lossy(&bytes));
    }
}
