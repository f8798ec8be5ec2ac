//! The JSON form: exact text, round trip, and everything that is not it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chain::test_util::{any_block, cases, with_value};
use crate::chain::{MAX_SAFE_INTEGER, VERSION};

fn block() -> Block {
    let records = vec!["a".to_owned(), "\"é\u{0}\n\u{1f}\u{7f}😀/".to_owned()];
    let header = Header {
        version: VERSION,
        height: Height::new(7),
        timestamp: Timestamp::from_millis(1_700_000_000_000),
        previous_hash: Hash::new([0xaa; 32]),
        merkle_root: Hash::new([0xbb; 32]),
        history_root: Hash::new([0xcc; 32]),
        record_count: 2,
        bits: Bits::new(0x1f00_8000),
        nonce: 81_234,
    };
    Block { header, records }
}

fn written(block: &Block) -> String {
    let mut out = Vec::new();
    let (header, hash) = (&block.header, block.header.hash());
    write_block_json(&mut out, &Spec::jenny(), header, &hash, &block.records);
    String::from_utf8(out).unwrap()
}

fn parsed(json: &str) -> Result<HashedBlock, JsonError> {
    parse_block(json.as_bytes())
}

/// Why `json` is refused.
fn refusal(json: &str) -> String {
    match parsed(json) {
        Ok(_) => panic!("accepted: {json}"),
        Err(error) => error.to_string(),
    }
}

/// The block's text with `key` of another value; the hash is then wrong, unless
/// the value is refused before.
fn refusal_with(key: &str, value: &str) -> String {
    refusal(&with_value(&written(&block()), key, value))
}

/// The block's text with another value of `data`.
fn with_data(data: &str) -> String {
    let text = written(&block());
    let start = text.find("\"data\":").unwrap();
    format!("{}\"data\":{data}}}", &text[..start])
}

fn with_extra(pairs: &str) -> String {
    written(&block()).replacen('{', &format!("{{{pairs},"), 1)
}

#[test]
fn a_block_is_written_in_the_form_of_the_seed() {
    let (a, b, c) = ("aa".repeat(32), "bb".repeat(32), "cc".repeat(32));
    let hash = block().header.hash();
    let expected = format!(
        concat!(
            r#"{{"version":1,"height":7,"timestamp":1700000000000,"previousHash":"{}","#,
            r#""merkleRoot":"{}","historyRoot":"{}","bits":"1f008000","#,
            r#""difficulty":1.999969482421875,"nonce":81234,"hash":"{}","#,
            r#""data":["a","\"é\u0000\n\u001f{}😀/"]}}"#,
        ),
        a, b, c, hash, '\u{7f}',
    );
    assert_eq!(written(&block()), expected);
}

#[test]
fn a_header_alone_counts_its_records() {
    let block = block();
    let mut out = Vec::new();
    write_header_json(&mut out, &Spec::jenny(), &block.header, &block.header.hash());
    let text = written(&block);
    let (before, _) = text.split_once(",\"data\"").unwrap();
    let counted = before.replace(",\"bits\"", ",\"recordCount\":2,\"bits\"") + "}";
    assert_eq!(String::from_utf8(out).unwrap(), counted);
}

#[test]
fn an_empty_block_has_an_empty_array() {
    let mut block = block();
    block.records.clear();
    block.header.record_count = 0;
    assert!(written(&block).ends_with("\"data\":[]}"));
    assert_eq!(parsed(&written(&block)).unwrap().block(), &block);
}

#[test]
fn integers_are_plain_digits_up_to_2_to_the_53() {
    for key in ["version", "height", "timestamp", "nonce"] {
        for value in [
            "1.0",
            "7e0",
            "1e3",
            "-0",
            "-1",
            "07",
            "+7",
            "0x7",
            "\"7\"",
            "null",
            "true",
            "[7]",
            "9007199254740992",
            "18446744073709551616",
            "1e400",
        ] {
            let reason = refusal_with(key, value);
            assert!(!reason.contains("header's is"), "{key} {value}: {reason}");
        }
        assert!(refusal_with(key, "9007199254740992").contains("9007199254740991"));
    }
    assert!(refusal_with("version", "4294967296").contains("version"));
    let mut block = block();
    block.header.nonce = MAX_SAFE_INTEGER;
    assert_eq!(parsed(&written(&block)).unwrap().block(), &block);
}

#[test]
fn hashes_are_64_lower_case_digits() {
    for key in ["previousHash", "merkleRoot", "historyRoot", "hash"] {
        for value in [
            format!("\"{}\"", "AA".repeat(32)),
            format!("\"{}\"", "a".repeat(63)),
            format!("\"{}\"", "a".repeat(65)),
            format!("\"0x{}\"", "a".repeat(62)),
            format!("\"{}\"", "g".repeat(64)),
            "\"\"".to_owned(),
            "null".to_owned(),
            "7".to_owned(),
        ] {
            let reason = refusal_with(key, &value);
            assert!(!reason.contains("header's is"), "{key} {value}: {reason}");
        }
    }
}

#[test]
fn bits_are_8_lower_case_digits() {
    for value in ["\"1F008000\"", "\"1f00800\"", "\"1f0080000\"", "\"\"", "520126464", "null"] {
        let reason = refusal_with("bits", value);
        assert!(!reason.contains("header's is"), "{value}: {reason}");
    }
}

#[test]
fn an_escaped_text_is_the_same_text() {
    let escaped = written(&block())
        .replace("1f008000", "\\u0031f008000")
        .replace("\"nonce\"", "\"n\\u006fnce\"")
        .replace("\"a\"", "\"\\u0061\"");
    assert_eq!(parsed(&escaped).unwrap().block(), &block());
}

#[test]
fn data_is_an_array_of_strings() {
    for data in ["null", "\"a\"", "{}", "[1]", "[null]", "[[\"a\"]]", "[\"a\",]", "[\"a\" \"b\"]"] {
        let reason = refusal(&with_data(data));
        assert!(!reason.contains("header's is"), "{data}: {reason}");
    }
}

#[test]
fn a_lone_surrogate_in_data_is_refused() {
    for text in [r"\ud800", r"\udc00", r"\ud800x", r"\udc00\ud800", r"\ud83d\u0041"] {
        let reason = refusal(&with_data(&format!("[\"{text}\"]")));
        assert!(!reason.contains("header's is"), "{text}: {reason}");
    }
    let pair = with_data(r#"["\ud83d\ude00","b"]"#);
    assert_eq!(parsed(&pair).unwrap().records(), ["😀", "b"]);
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let mut bytes = with_data("[\"a?\",\"b\"]").into_bytes();
    let at = bytes.iter().position(|&byte| byte == b'?').unwrap();
    for byte in [0xff, 0x80, 0xc0] {
        bytes[at] = byte;
        assert!(parse_block(&bytes).is_err());
    }
}

#[test]
fn the_number_of_records_is_part_of_the_hash() {
    assert!(refusal(&with_data("[\"a\"]")).contains("header's is"));
    // What the records say is not: the header's merkle root is for the rules to check.
    assert!(parsed(&with_data("[\"x\",\"y\"]")).is_ok());
}

#[test]
fn another_hash_than_the_header_s_is_refused() {
    let hash = block().header.hash();
    let reason = refusal_with("hash", &format!("\"{}\"", Hash::ZERO));
    assert!(reason.contains(&hash.to_string()) && reason.contains(&Hash::ZERO.to_string()));
    assert!(refusal_with("nonce", "81235").contains("header's is"));
}

#[test]
fn a_missing_key_is_named() {
    let text = written(&block());
    let Value::Object(whole) = serde_json::from_str(&text).unwrap() else { panic!() };
    assert_eq!(whole.len(), 11);
    for key in whole.keys() {
        let mut part = whole.clone();
        part.remove(key);
        let part = Value::Object(part).to_string();
        if key == "difficulty" {
            assert_eq!(parsed(&part).unwrap().block(), &block());
        } else {
            assert!(refusal(&part).contains(&format!("missing field `{key}`")), "{key}");
        }
    }
}

#[test]
fn a_repeated_key_is_refused_and_an_unknown_one_is_not() {
    let text = written(&block());
    let Value::Object(whole) = serde_json::from_str(&text).unwrap() else { panic!() };
    for (key, value) in whole {
        let reason = refusal(&with_extra(&format!("\"{key}\":{value}")));
        assert!(reason.contains(&format!("duplicate field `{key}`")), "{reason}");
    }
    let twice = with_extra("\"extra\":1,\"extra\":2,\"recordCount\":9,\"unknown\":3");
    assert_eq!(parsed(&twice).unwrap().block(), &block());
}

#[test]
fn values_without_a_meaning_are_skipped_unread() {
    for value in [
        "null",
        "-0",
        "1e999",
        "123456789012345678901234567890",
        "\"\\ud800\"",
        "[1,{\"a\":[]}]",
        "\"[[[[\\\"\"",
        "{\"version\":2}",
    ] {
        let text = with_extra(&format!("\"extra\":{value}"));
        assert_eq!(parsed(&text).unwrap().block(), &block(), "{value}");
        let (before, after) = text.split_once("1.999969482421875").unwrap();
        let text = format!("{before}{value}{after}");
        assert_eq!(parsed(&text).unwrap().block(), &block(), "{value}");
    }
    for value in ["", "nul", "01", "[1", "{\"a\"}", "'a'", "\"\\x\"", "NaN"] {
        refusal(&with_extra(&format!("\"extra\":{value}")));
    }
}

#[test]
fn nesting_ends_at_the_depth_limit() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
        for key in ["extra", "difficulty"] {
            // The block's own object is a level too.
            let text = |levels| match key {
                "extra" => with_extra(&format!("\"extra\":{}", nested(levels))),
                _ => written(&block()).replace("1.999969482421875", &nested(levels)),
            };
            assert_eq!(parsed(&text(126)).unwrap().block(), &block(), "{key}");
            for levels in [127, 128, 1_000, 100_000] {
                assert!(refusal(&text(levels)).contains("deep"), "{key}");
            }
        }
        // Brackets side by side, or in a string, are no depth.
        let wide = format!("[{}1]", format!("{},", nested(3)).repeat(100));
        assert!(parsed(&with_extra(&format!("\"extra\":{wide}"))).is_ok());
    }
    let text = with_extra(&format!("\"extra\":\"\\\"{}\"", "[".repeat(1_000)));
    assert!(parsed(&text).is_ok());
}

#[test]
fn only_one_object_is_a_block() {
    let text = written(&block());
    for other in ["", "null", "7", "[]", &format!("[{text}]"), &format!("{text}{text}")] {
        refusal(other);
    }
    for cut in 0..text.len() {
        assert!(parse_block(&text.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
    assert!(parsed(&format!(" \t\r\n{text}\n ")).is_ok());
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_is_written_is_parsed(block in any_block()) {
        let hash = block.header.hash();
        let parsed = parsed(&written(&block)).unwrap();
        prop_assert_eq!((parsed.hash(), parsed.into_block()), (hash, block));
    }

    #[test]
    fn the_text_is_what_another_writer_makes_of_it(block in any_block()) {
        let text = written(&block);
        let header = &block.header;
        let mut value: Value = serde_json::from_str(&text).unwrap();
        let difficulty = value.as_object_mut().unwrap().remove("difficulty").unwrap();
        prop_assert!(difficulty.as_f64().unwrap() > 0.0);
        prop_assert_eq!(value, json!({
            "version": header.version,
            "height": header.height.get(),
            "timestamp": header.timestamp.as_millis(),
            "previousHash": header.previous_hash.to_string(),
            "merkleRoot": header.merkle_root.to_string(),
            "historyRoot": header.history_root.to_string(),
            "bits": header.bits.to_string(),
            "nonce": header.nonce,
            "hash": header.hash().to_string(),
            "data": block.records,
        }));
    }

    #[test]
    fn no_bytes_make_the_parser_fail_otherwise_than_by_an_error(
        block in any_block(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
    ) {
        let mut bytes = written(&block).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(parsed) = parse_block(&bytes) {
            prop_assert_eq!(parsed.hash(), parsed.header().hash());
        }
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(parse_block(&bytes).is_err());
    }
}
