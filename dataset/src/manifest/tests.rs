//! The bytes of a manifest, and what is refused.

use super::*;

fn range(from: u64, to: u64, previous_hash: Hash, last: u8) -> Range {
    let digest = Digest { bytes: 4_321, sha256: Hash::new([0xab; 32]) };
    Range { from, to, previous_hash, last_hash: Hash::new([last; 32]), rows: 17, digest }
}

fn of_two_ranges() -> Manifest {
    let mut manifest = Manifest::new(Spec::dev(), 1_000, 100);
    manifest.push(range(0, 999, Hash::ZERO, 1));
    manifest.push(range(1_000, 1_999, Hash::new([1; 32]), 2));
    manifest
}

#[test]
fn a_manifest_has_the_documented_bytes() {
    let golden = include_str!("../../tests/golden/manifest.json");
    assert_eq!(String::from_utf8(of_two_ranges().encode()).unwrap(), golden);
    let empty = include_str!("../../tests/golden/empty.json");
    let manifest = Manifest::new(Spec::jenny(), 10_000, 100);
    assert_eq!(String::from_utf8(manifest.encode()).unwrap(), empty);
}

#[test]
fn what_was_written_is_read() {
    for manifest in [of_two_ranges(), Manifest::new(Spec::jenny(), 1, 0)] {
        assert_eq!(Manifest::decode(&manifest.encode()).as_ref(), Ok(&manifest));
    }
    assert_eq!(of_two_ranges().next(), 2_000);
    let last = of_two_ranges().last().unwrap();
    assert_eq!((last.height.get(), last.hash), (1_999, Hash::new([2; 32])));
}

#[test]
fn a_newer_manifest_is_told_from_a_damaged_one() {
    let text = String::from_utf8(of_two_ranges().encode()).unwrap();
    let newer = text.replace("\"formatVersion\":1", "\"formatVersion\":2,\"new\":true");
    assert_eq!(Manifest::decode(newer.as_bytes()), Err(ManifestError::Newer(2)));
    let none = text.replace("\"formatVersion\":1", "\"formatVersion\":0");
    assert!(matches!(Manifest::decode(none.as_bytes()), Err(ManifestError::Damaged(_))));
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused() {
    let text = String::from_utf8(of_two_ranges().encode()).unwrap();
    for (what, replaced) in [
        ("\"from\":1000,", "\"from\":1001,"),
        ("\"to\":1999,", "\"to\":2000,"),
        ("000000001999.parquet", "000000001998.parquet"),
        ("records/000000000000-", "../records/000000000000-"),
        ("\"depth\":100", "\"depth\":-1"),
        ("\"depth\":100", "\"depth\":100,\"more\":1"),
        ("\"rangeBlocks\":1000", "\"rangeBlocks\":0"),
        ("\"rangeBlocks\":1000", "\"rangeBlocks\":1000001"),
        ("\"name\":\"dev\"", "\"name\":\"other\""),
        ("0101010101010101\",\"file\"", "0101010101010102\",\"file\""),
        ("\"previousHash\":\"00", "\"previousHash\":\"01"),
        ("abababab\"", "ABABABAB\""),
        ("  ]\n}\n", "  ]\n"),
    ] {
        let wrong = text.replace(what, replaced);
        assert_ne!(wrong, text, "{what}");
        let decoded = Manifest::decode(wrong.as_bytes());
        assert!(matches!(decoded, Err(ManifestError::Damaged(_))), "{replaced}: {decoded:?}");
    }
    let text: String = text.split_whitespace().collect();
    assert_eq!(Manifest::decode(text.as_bytes()), Ok(of_two_ranges()));
}

#[test]
fn names_of_files_sort_like_heights() {
    assert_eq!(Range::file(0, 9_999), "records/000000000000-000000009999.parquet");
    assert!(Range::file(90, 99) < Range::file(1_000, 1_009));
}
