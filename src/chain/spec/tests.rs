//! Specs: what is read, what is refused, and the two chains everyone knows.

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{cases, with_value};

const KEYS: [&str; 9] = [
    "name",
    "genesis_timestamp",
    "pow_limit_bits",
    "target_block_time_ms",
    "retarget_window",
    "max_future_ms",
    "max_record_bytes",
    "max_block_records",
    "max_block_bytes",
];

fn canonical() -> String {
    Spec::jenny().canonical_text()
}

fn parsed_with(key: &str, value: &str) -> Result<Spec, SpecError> {
    Spec::parse(&with_value(&canonical(), key, value))
}

fn is_json_error(result: &Result<Spec, SpecError>) -> bool {
    matches!(result, Err(SpecError::Json(_)))
}

#[test]
fn the_built_in_chains_are_pinned() {
    let jenny = concat!(
        r#"{"name":"jenny","genesis_timestamp":1655424000000,"pow_limit_bits":"1f00ffff","#,
        r#""target_block_time_ms":10000,"retarget_window":60,"max_future_ms":120000,"#,
        r#""max_record_bytes":65536,"max_block_records":4096,"max_block_bytes":1048576}"#,
    );
    let dev = jenny
        .replace(r#""jenny""#, r#""dev""#)
        .replace("1f00ffff", "207fffff")
        .replace(":60,", ":0,");
    for (spec, text, hash) in [
        (Spec::jenny(), jenny, "f0951e80830e50c655a00f321c956a47e7caa7e91ad7044193ae30783acaa8aa"),
        (Spec::dev(), &dev, "0baf558e4122a1334c8b23f7b48ba5866c9601c57659eda803c91bf7c5ab6677"),
    ] {
        assert_eq!(spec.canonical_text(), text);
        assert_eq!(spec.genesis().hash().to_string(), hash);
        assert_eq!(Spec::parse(text), Ok(spec));
    }
}

#[test]
fn genesis_records_the_spec() {
    let spec = Spec::jenny();
    let genesis = spec.genesis();
    let header = genesis.header();
    assert_eq!(genesis.block().records, [spec.canonical_text()]);
    assert_eq!((header.version, header.height, header.nonce), (1, Height::GENESIS, 0));
    assert_eq!(header.timestamp.as_millis(), 1_655_424_000_000);
    assert_eq!(header.previous_hash, Hash::ZERO);
    assert_eq!(header.history_root, empty_root());
    assert_eq!(header.merkle_root, crate::chain::leaf_hash(spec.canonical_text().as_bytes()));
    assert_eq!(header.record_count, 1);
    assert_eq!(header.bits, spec.pow_limit().to_bits());
    assert_eq!(genesis.total_work(), Work::of(spec.pow_limit()));
    assert_eq!(genesis.hash(), header.hash());
}

#[test]
fn a_file_may_be_laid_out_freely_but_a_genesis_record_may_not() {
    let text = canonical();
    let pairs: Vec<&str> = text.trim_matches(['{', '}']).split(',').collect();
    let reversed = pairs.iter().rev().copied().collect::<Vec<_>>().join(",");
    for free in [
        text.replace(',', ",\n  "),
        format!("\t\r\n {text} \n"),
        text.replace("\"jenny\"", "\"\\u006aenny\""),
        format!("{{{reversed}}}"),
    ] {
        assert_eq!(Spec::parse(&free), Ok(Spec::jenny()), "{free}");
        assert_eq!(Spec::from_canonical(&free), Err(SpecError::NotCanonical), "{free}");
    }
    assert_eq!(Spec::from_canonical(&text), Ok(Spec::jenny()));
}

#[test]
fn a_missing_key_is_refused() {
    for key in KEYS {
        let text = canonical();
        let pairs = text.trim_matches(['{', '}']).split(',');
        let rest: Vec<_> = pairs.filter(|pair| !pair.starts_with(&format!("\"{key}\""))).collect();
        assert_eq!(rest.len(), 8);
        assert!(is_json_error(&Spec::parse(&format!("{{{}}}", rest.join(",")))), "{key}");
    }
}

#[test]
fn a_repeated_key_is_refused() {
    for key in KEYS {
        let text = canonical();
        let pair = text
            .trim_matches(['{', '}'])
            .split(',')
            .find(|pair| pair.starts_with(&format!("\"{key}\"")))
            .unwrap();
        let repeated = text.replacen('{', &format!("{{{pair},"), 1);
        assert!(is_json_error(&Spec::parse(&repeated)), "{repeated}");
    }
}

#[test]
fn an_unknown_key_is_refused() {
    let text = canonical().replacen('{', "{\"extra\":1,", 1);
    assert!(is_json_error(&Spec::parse(&text)));
}

#[test]
fn what_is_not_one_object_is_refused() {
    let array = r#"["jenny",1655424000000,"1f00ffff",10000,60,120000,65536,4096,1048576]"#;
    let twice = format!("{0}{0}", canonical());
    let byte_order_mark = format!("\u{feff}{}", canonical());
    for text in ["", "null", "[]", "{}", array, &twice, &byte_order_mark, &canonical()[1..]] {
        assert!(is_json_error(&Spec::parse(text)), "{text}");
    }
}

#[test]
fn integers_are_plain_digits() {
    for key in KEYS.into_iter().filter(|key| !["name", "pow_limit_bits"].contains(key)) {
        for value in ["10.0", "1e1", "-0", "-1", "010", "\"10\"", "null", "99999999999999999999"] {
            assert!(is_json_error(&parsed_with(key, value)), "{key}: {value}");
        }
    }
    for key in ["name", "pow_limit_bits"] {
        assert!(is_json_error(&parsed_with(key, "1")), "{key}");
    }
}

#[test]
fn the_ends_of_every_range_are_allowed_and_one_beyond_is_not() {
    let long_name = format!("\"{}\"", "a".repeat(32));
    let too_long = format!("\"{}\"", "a".repeat(33));
    for (key, allowed, refused) in [
        (
            "name",
            vec!["\"0\"", "\"a-\"", "\"a-b-9\"", &long_name],
            vec![
                "\"\"",
                "\"-a\"",
                "\"A\"",
                "\"a_b\"",
                "\"a b\"",
                "\"é\"",
                "\"a\\u0000\"",
                &too_long,
            ],
        ),
        ("genesis_timestamp", vec!["0", "9007199254740991"], vec!["9007199254740992"]),
        (
            "pow_limit_bits",
            vec!["\"2100ffff\"", "\"01010000\""],
            vec![
                "\"\"",
                "\"1F00FFFF\"",
                "\"1f00fff\"",
                "\"00000000\"",
                "\"1f800000\"",
                "\"21010000\"",
                "\"1f007fff\"",
            ],
        ),
        ("target_block_time_ms", vec!["1", "86400000"], vec!["0", "86400001"]),
        ("retarget_window", vec!["0", "10", "1000"], vec!["1", "9", "1001"]),
        ("max_future_ms", vec!["0", "86400000"], vec!["86400001"]),
        ("max_record_bytes", vec!["1", "1048576"], vec!["0", "1048577"]),
        ("max_block_records", vec!["1", "65536"], vec!["0", "65537"]),
        ("max_block_bytes", vec!["65536", "1048576"], vec!["0", "1048577"]),
    ] {
        for value in allowed {
            assert!(parsed_with(key, value).is_ok(), "{key}: {value}");
        }
        for value in refused {
            let error = parsed_with(key, value).unwrap_err();
            assert!(
                matches!(error, SpecError::Range { field, .. } if field == key),
                "{key}: {value}: {error}"
            );
        }
    }
}

#[test]
fn a_record_never_has_more_room_than_its_block() {
    let error = parsed_with("max_block_bytes", "65535").unwrap_err();
    assert!(matches!(error, SpecError::Range { field: "max_record_bytes", .. }), "{error}");
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn every_value_is_told_apart_by_the_genesis_hash(
        timestamp in 0..=MAX_SAFE_INTEGER, block_time in 1..=DAY_MS, records in 1..=65_536_u32,
    ) {
        let text = with_value(&canonical(), "genesis_timestamp", &timestamp.to_string());
        let text = with_value(&text, "target_block_time_ms", &block_time.to_string());
        let text = with_value(&text, "max_block_records", &records.to_string());
        let spec = Spec::from_canonical(&text).unwrap();
        prop_assert_eq!(spec.canonical_text(), text);
        prop_assert_eq!(spec.target_block_time_ms(), block_time);
        prop_assert_eq!(spec.max_block_records(), records);
        prop_assert_eq!(spec.genesis().header().timestamp.as_millis(), timestamp);
        let is_jenny = (timestamp, block_time, records) == (1_655_424_000_000, 10_000, 4_096);
        prop_assert_eq!(spec.genesis().hash() == Spec::jenny().genesis().hash(), is_jenny);
    }
}
