//! Ratios, and the texts that ECMAScript gives them.

use proptest::prelude::*;

use super::*;
use crate::chain::Bits;
use crate::chain::test_util::{any_bits, cases};

fn of(bits: u32, limit: u32) -> Difficulty {
    let target = |bits| Bits::new(bits).target().unwrap();
    Difficulty::of(target(bits), target(limit))
}

#[test]
fn numbers_are_written_as_ecmascript_writes_them() {
    // The right column is what `String(number)` gives in a JavaScript engine.
    for (number, text) in [
        (0.0, "0"),
        (1.0, "1"),
        (1.5, "1.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1.0 / 3.0, "0.3333333333333333"),
        (100.0, "100"),
        (65_535.25, "65535.25"),
        (9_007_199_254_740_992.0, "9007199254740992"),
        (123_456_789_012_345_680_000.0, "123456789012345680000"),
        (999_999_999_999_999_900_000.0, "999999999999999900000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e21, "1.5e+21"),
        (1.234_567_890_123_456_8e25, "1.2345678901234568e+25"),
        (1e100, "1e+100"),
        (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
        (0.000_001, "0.000001"),
        (0.000_001_5, "0.0000015"),
        (9.9e-7, "9.9e-7"),
        (1e-7, "1e-7"),
        (1.5e-9, "1.5e-9"),
        (2.225_073_858_507_201_4e-308, "2.2250738585072014e-308"),
        (5e-324, "5e-324"),
    ] {
        assert_eq!(Difficulty(number).to_string(), text);
    }
}

#[test]
fn the_easiest_target_has_difficulty_one() {
    assert_eq!(of(0x1f00_ffff, 0x1f00_ffff).to_string(), "1");
    assert_eq!(of(0x207f_ffff, 0x207f_ffff).to_string(), "1");
}

#[test]
fn a_target_256_times_smaller_is_256_times_harder() {
    assert_eq!(of(0x1e00_ffff, 0x1f00_ffff).to_string(), "256");
    assert_eq!(of(0x1d00_ffff, 0x1f00_ffff).to_string(), "65536");
    assert_eq!(of(0x1f00_8000, 0x1f00_ffff).to_string(), "1.999969482421875");
    assert_eq!(of(0x0101_0000, 0x2100_ffff).to_string(), "1.1579032239025142e+77");
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn it_is_the_ratio_of_mantissas_scaled(bits in any_bits(), limit in any_bits()) {
        let parts = |bits: Bits| (f64::from(bits.get() & 0x00ff_ffff), bits.get() >> 24);
        let ((mantissa, exponent), (max, top)) = (parts(bits), parts(limit));
        let scale = 256_f64.powi(i32::try_from(top).unwrap() - i32::try_from(exponent).unwrap());
        let difficulty = of(bits.get(), limit.get());
        // Powers of two scale exactly, so this rounds once, like the division of the targets.
        prop_assert!((difficulty.get() - max / mantissa * scale).abs() == 0.0);
    }

    #[test]
    fn the_text_is_read_back_as_the_same_number(bits in any_bits(), limit in any_bits()) {
        let difficulty = of(bits.get(), limit.get());
        prop_assert_eq!(difficulty.to_string().parse::<f64>().unwrap().to_bits(), difficulty.get().to_bits());
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn a_difficulty_and_its_target_tell_the_easiest_target(one in any_bits(), other in any_bits()) {
        let (one, other) = (one.target().unwrap(), other.target().unwrap());
        let (target, easiest) = (one.min(other), one.max(other));
        let text = Difficulty::of(target, easiest).to_string();
        prop_assert_eq!(Difficulty::easiest(&text, target), Some(easiest));
        for wrong in [format!("0{text}"), format!("+{text}"), format!("{text} ")] {
            prop_assert_eq!(Difficulty::easiest(&wrong, target), None, "{}", wrong);
        }
        prop_assert_ne!(Difficulty::easiest(&format!("{text}0"), target), Some(easiest));
    }
}
