//! The difficulty rule against school arithmetic on bytes.

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{any_bits, cases, spec_with};

/// A number of any length, least significant byte first.
#[derive(Debug)]
struct Long(Vec<u8>);

impl Long {
    fn from_be(bytes: &[u8]) -> Self {
        Self(bytes.iter().rev().copied().collect())
    }

    /// Long division, one byte after the other.
    fn divided_by(mut self, divisor: u64) -> Self {
        let mut rest = 0_u128;
        for byte in self.0.iter_mut().rev() {
            rest = rest << 8 | u128::from(*byte);
            *byte = u8::try_from(rest / u128::from(divisor)).unwrap();
            rest %= u128::from(divisor);
        }
        self
    }

    /// Long multiplication with a carry; sixteen bytes are added for it.
    fn times(mut self, factor: u64) -> Self {
        self.0.extend([0; 16]);
        let mut carry = 0_u128;
        for byte in &mut self.0 {
            carry += u128::from(*byte) * u128::from(factor);
            *byte = u8::try_from(carry & 0xff).unwrap();
            carry >>= 8;
        }
        assert_eq!(carry, 0);
        self
    }

    /// Most significant byte first, without leading zeros.
    fn significant(&self) -> Vec<u8> {
        self.0.iter().rev().skip_while(|&&byte| byte == 0).copied().collect()
    }
}

/// Numbers without leading zeros: the longer is the larger.
fn smaller(a: Vec<u8>, b: Vec<u8>) -> Vec<u8> {
    if (a.len(), &a) <= (b.len(), &b) { a } else { b }
}

fn naive_bits(spec: &Spec, parent: Bits, solve: u64) -> u32 {
    let (block_time, window) = (spec.target_block_time_ms(), spec.retarget_window());
    let solve = solve.min(6 * block_time + spec.max_future_ms());
    let bytes = |target: Target| -> [u8; 32] { target.get().to_be_bytes() };
    let target = Long::from_be(&bytes(parent.target().unwrap()))
        .divided_by(window * block_time)
        .times(window * block_time + solve - block_time);
    let limit = Long::from_be(&bytes(spec.pow_limit())).significant();
    let mut target = smaller(target.significant(), limit);
    if target.is_empty() {
        target = vec![1];
    }
    if target[0] >= 0x80 {
        target.insert(0, 0);
    }
    let size = u8::try_from(target.len()).unwrap();
    target.resize(target.len().max(3), 0);
    u32::from_be_bytes([size, target[0], target[1], target[2]])
}

fn required(spec: &Spec, height: u64, parent: Bits, solve: u64) -> Bits {
    let start = Timestamp::from_millis(1_700_000_000_000);
    let height = Height::new(height);
    required_bits(spec, height, parent, start.plus_millis(solve), start).unwrap()
}

#[test]
fn the_first_two_blocks_have_the_easiest_target() {
    let spec = Spec::jenny();
    for height in [0, 1] {
        assert_eq!(required(&spec, height, Bits::new(0x1d00_ffff), 5).get(), 0x1f00_ffff);
    }
    assert_eq!(required(&spec, 2, Bits::new(0x1d00_ffff), 10_000).get(), 0x1d00_fffe);
}

#[test]
fn a_chain_without_a_window_keeps_its_difficulty() {
    assert_eq!(required(&Spec::dev(), 9, Bits::new(0x1d00_ffff), 5).get(), 0x207f_ffff);
}

#[test]
fn max_a_gap_counts_six_block_times_and_the_allowed_future_at() {
    let spec = Spec::jenny();
    let parent = Bits::new(0x1d00_ffff);
    let longest = required(&spec, 9, parent, 180_000);
    assert_eq!(required(&spec, 9, parent, 180_001), longest);
    assert_eq!(required(&spec, 9, parent, 1 << 52), longest);
    assert_ne!(required(&spec, 9, parent, 170_000), longest);
}

#[test]
fn a_product_beyond_256_bits_becomes_the_easiest_target() {
    let spec = spec_with(&[("pow_limit_bits", "\"2100ffff\""), ("retarget_window", "10")]);
    assert_eq!(required(&spec, 9, Bits::new(0x2100_ffff), 180_000).get(), 0x2100_ffff);
}

#[test]
fn the_hardest_target_does_not_become_zero() {
    let spec = Spec::jenny();
    assert_eq!(required(&spec, 9, Bits::new(0x0101_0000), 0).get(), 0x0101_0000);
}

#[test]
fn a_parent_without_a_target_is_an_error() {
    let time = Timestamp::default();
    let result = required_bits(&Spec::jenny(), Height::new(9), Bits::new(0), time, time);
    assert_eq!(result, Err(BitsError::Zero));
}

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn the_rule_is_the_one_on_paper(
        limit in any_bits(),
        parent in any_bits(),
        block_time in prop_oneof![1..=86_400_000_u64, 1..20_u64],
        window in 10..=1_000_u64,
        max_future in prop_oneof![0..=86_400_000_u64, Just(0)],
        solve in prop_oneof![0..=700_000_000_u64, 0..100_u64, Just(1_u64 << 53)],
        height in 2..1_000_u64,
    ) {
        let spec = spec_with(&[
            ("pow_limit_bits", &format!("\"{limit}\"")),
            ("target_block_time_ms", &block_time.to_string()),
            ("retarget_window", &window.to_string()),
            ("max_future_ms", &max_future.to_string()),
        ]);
        let bits = required(&spec, height, parent, solve);
        prop_assert_eq!(bits, Bits::new(naive_bits(&spec, parent, solve)));
        prop_assert!(bits.target().unwrap() <= spec.pow_limit());
    }

    #[test]
    fn a_slower_parent_never_makes_the_next_block_harder(
        parent in any_bits(), a in 0..300_000_u64, b in 0..300_000_u64,
    ) {
        let spec = spec_with(&[("pow_limit_bits", "\"2100ffff\""), ("retarget_window", "60")]);
        let target = |solve| required(&spec, 9, parent, solve).target().unwrap();
        prop_assert!(target(a.min(b)) <= target(a.max(b)));
    }
}
