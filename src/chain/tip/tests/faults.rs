//! Every rule broken one at a time and two at a time, in the order in which the
//! rules are asked.

use super::*;
use crate::chain::{BitsError, Checkpoints};

/// How a block may go wrong, cheapest to find first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Fault {
    Version,
    UnsafeHeight,
    UnsafeTimestamp,
    UnsafeNonce,
    RecordCount,
    BitsMeaningless,
    BitsTooEasy,
    ProofOfWork,
    PreviousHash,
    Height,
    Bits,
    TimestampBeforeParent,
    NotYet,
    HistoryRoot,
    DataCount,
    RecordBytes,
    BlockBytes,
    MerkleRoot,
}

const FAULTS: [Fault; 18] = [
    Fault::Version,
    Fault::UnsafeHeight,
    Fault::UnsafeTimestamp,
    Fault::UnsafeNonce,
    Fault::RecordCount,
    Fault::BitsMeaningless,
    Fault::BitsTooEasy,
    Fault::ProofOfWork,
    Fault::PreviousHash,
    Fault::Height,
    Fault::Bits,
    Fault::TimestampBeforeParent,
    Fault::NotYet,
    Fault::HistoryRoot,
    Fault::DataCount,
    Fault::RecordBytes,
    Fault::BlockBytes,
    Fault::MerkleRoot,
];

impl Fault {
    /// Puts the fault into a block on `tip`; its nonce is found afterwards.
    fn put(self, block: &mut Block, tip: &TipState, now: Timestamp) {
        let Block { header, records } = block;
        match self {
            Self::Version => header.version = 2,
            Self::UnsafeHeight => header.height = Height::new(MAX_SAFE_INTEGER + 1),
            Self::UnsafeTimestamp => {
                header.timestamp = Timestamp::from_millis(MAX_SAFE_INTEGER + 1);
            }
            Self::UnsafeNonce | Self::ProofOfWork => (),
            Self::RecordCount => header.record_count = 4,
            Self::BitsMeaningless => header.bits = Bits::new(0x2080_0000),
            Self::BitsTooEasy => header.bits = Bits::new(0x207f_ffff),
            Self::PreviousHash => header.previous_hash = Hash::ZERO,
            Self::Height => header.height = tip.height(),
            Self::Bits => header.bits = Bits::new(0x2000_ffff),
            Self::TimestampBeforeParent => {
                header.timestamp = Timestamp::from_millis(tip.header().timestamp.as_millis() - 1);
            }
            Self::NotYet => header.timestamp = now.plus_millis(120_001),
            Self::HistoryRoot => header.history_root = Hash::ZERO,
            Self::DataCount => *records = vec!["x".to_owned()],
            Self::RecordBytes => records[1] = "123456789".to_owned(),
            Self::BlockBytes => {
                header.record_count = 3;
                *records = vec!["12345678".to_owned(); 3];
            }
            Self::MerkleRoot => records[0] = "oNe".to_owned(),
        }
    }

    fn is_found_in(self, error: &RuleError) -> bool {
        use RuleError as E;
        match self {
            Self::Version => matches!(error, E::Version { found: 2 }),
            Self::UnsafeHeight => matches!(error, E::Unsafe { field: "height", .. }),
            Self::UnsafeTimestamp => matches!(error, E::Unsafe { field: "timestamp", .. }),
            Self::UnsafeNonce => matches!(error, E::Unsafe { field: "nonce", .. }),
            Self::RecordCount => matches!(error, E::RecordCount { max: 3, found: 4 }),
            Self::BitsMeaningless => {
                matches!(error, E::BitsMeaningless { reason: BitsError::Negative, .. })
            }
            Self::BitsTooEasy => matches!(error, E::BitsTooEasy { .. }),
            Self::ProofOfWork => matches!(error, E::ProofOfWork { .. }),
            Self::PreviousHash => matches!(error, E::PreviousHash { .. }),
            Self::Height => matches!(error, E::Height { .. }),
            Self::Bits => matches!(error, E::Bits { .. }),
            Self::TimestampBeforeParent => matches!(error, E::TimestampBeforeParent { .. }),
            Self::NotYet => error.is_not_yet(),
            Self::HistoryRoot => matches!(error, E::HistoryRoot { .. }),
            Self::DataCount => matches!(error, E::DataCount { .. }),
            Self::RecordBytes => {
                matches!(error, E::RecordBytes { index: 1, max: 8, found: 9 })
            }
            Self::BlockBytes => matches!(error, E::BlockBytes { max: 16, found: 24 }),
            Self::MerkleRoot => matches!(error, E::MerkleRoot { .. }),
        }
    }
}

/// Puts both faults into a valid block, the later one first, and checks it.
fn check_with(faults: (Fault, Fault)) -> RuleError {
    let spec = spec();
    let tip = tip(&spec);
    let (mut block, now) = next(&spec, &tip);
    faults.1.put(&mut block, &tip, now);
    faults.0.put(&mut block, &tip, now);
    let has = |fault| faults.0 == fault || faults.1 == fault;
    if block.header.bits.target().is_ok() {
        seal(&mut block.header, !has(Fault::ProofOfWork));
    }
    if has(Fault::UnsafeNonce) {
        block.header.nonce = MAX_SAFE_INTEGER + 1;
    }
    tip.check_block(&spec, block, now).unwrap_err()
}

#[test]
fn each_broken_rule_is_named() {
    for fault in FAULTS {
        let error = check_with((fault, fault));
        assert!(fault.is_found_in(&error), "{fault:?}: {error}");
    }
}

#[test]
fn of_two_broken_rules_the_cheaper_one_is_named() {
    for cheap in FAULTS {
        for dear in FAULTS.into_iter().filter(|&dear| dear > cheap) {
            let error = check_with((cheap, dear));
            assert!(cheap.is_found_in(&error), "{cheap:?} with {dear:?}: {error}");
        }
    }
}

#[test]
fn an_error_names_the_field_what_was_expected_and_what_came() {
    let spec = spec();
    let tip = tip(&spec);
    let (block, now) = next(&spec, &tip);
    let told = |fault: Fault| {
        let error = check_with((fault, fault));
        assert!(!error.is_not_yet() || fault == Fault::NotYet);
        error.to_string()
    };
    let latest = now.as_millis() + 120_000;
    let zero = Hash::ZERO;
    for (fault, text) in [
        (Fault::Version, "version: expected 1, found 2".to_owned()),
        (
            Fault::UnsafeNonce,
            "nonce: expected at most 9007199254740991, found 9007199254740992".to_owned(),
        ),
        (Fault::RecordCount, "record_count: expected at most 3, found 4".to_owned()),
        (
            Fault::BitsMeaningless,
            "bits: expected a compact target, found 20800000 (negative)".to_owned(),
        ),
        (Fault::BitsTooEasy, "bits: expected at most 2000ffff, found 207fffff".to_owned()),
        (Fault::PreviousHash, format!("previous_hash: expected {}, found {zero}", tip.hash())),
        (Fault::Height, "height: expected 6, found 5".to_owned()),
        (Fault::Bits, format!("bits: expected {}, found 2000ffff", block.header.bits)),
        (
            Fault::TimestampBeforeParent,
            format!("timestamp: expected at least {0}4000, found {0}3999", START / 10_000),
        ),
        (
            Fault::NotYet,
            format!("timestamp: expected at most {latest}, found {}: not yet", latest + 1),
        ),
        (
            Fault::HistoryRoot,
            format!("history_root: expected {}, found {zero}", block.header.history_root),
        ),
        (Fault::DataCount, "data: expected 2 records, found 1".to_owned()),
        (Fault::RecordBytes, "data[1]: expected at most 8 bytes, found 9".to_owned()),
        (Fault::BlockBytes, "data: expected at most 16 bytes in all, found 24".to_owned()),
        (
            Fault::MerkleRoot,
            format!(
                "merkle_root: expected {}, found {}",
                merkle_root(&["oNe", "two"]),
                block.header.merkle_root
            ),
        ),
    ] {
        assert_eq!(told(fault), text);
    }
    let pinned: Checkpoints = [(Height::new(6), zero)].into_iter().collect();
    let error = pinned.check(Height::new(6), tip.hash()).unwrap_err();
    let text = format!("hash at height 6: expected {zero} (checkpoint), found {}", tip.hash());
    assert_eq!(error.to_string(), text);
}
