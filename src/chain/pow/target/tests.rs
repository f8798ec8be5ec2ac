//! Compact targets against the definition, byte by byte.

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{any_hash, any_target, cases};

/// The target that `bits` mean, laid out as 32 big-endian bytes: the mantissa's
/// three bytes end `exponent` bytes before the end of the number. None when a
/// byte would stand outside, unless it is zero.
fn naive_target(bits: u32) -> Option<[u8; 32]> {
    let [exponent, mantissa @ ..] = bits.to_be_bytes();
    let mut target = [0; 32];
    for (offset, byte) in mantissa.into_iter().enumerate() {
        // How many bytes stand behind this one; negative: behind the point, dropped.
        let behind = i32::from(exponent) - 1 - i32::try_from(offset).unwrap();
        match usize::try_from(behind) {
            Ok(behind @ 0..32) => target[31 - behind] = byte,
            Ok(_) if byte != 0 => return None,
            _ => (),
        }
    }
    Some(target)
}

/// The first three significant bytes and their count, with a zero byte before
/// them when the first would look like a sign.
fn naive_bits(target: Target) -> u32 {
    let bytes: [u8; 32] = target.get().to_be_bytes();
    let mut bytes: Vec<u8> = bytes.into_iter().skip_while(|&byte| byte == 0).collect();
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    let size = u8::try_from(bytes.len()).unwrap();
    bytes.resize(bytes.len().max(3), 0);
    u32::from_be_bytes([size, bytes[0], bytes[1], bytes[2]])
}

fn check_decoding(bits: u32) {
    let decoded = Bits::new(bits).target();
    let naive = naive_target(bits).map(U256::from_be_bytes::<32>).and_then(Target::new);
    let canonical = naive.filter(|&target| naive_bits(target) == bits);
    let is_negative = bits & 0x0080_0000 != 0;
    match decoded {
        Ok(target) => assert!(!is_negative && canonical == Some(target), "{bits:08x}"),
        Err(BitsError::Negative) => assert!(is_negative, "{bits:08x}"),
        Err(BitsError::Overflow) => assert!(naive_target(bits).is_none(), "{bits:08x}"),
        Err(BitsError::Zero) => assert_eq!(naive_target(bits), Some([0; 32]), "{bits:08x}"),
        Err(BitsError::NonCanonical) => {
            assert!(naive.is_some() && canonical.is_none(), "{bits:08x}");
        }
        Err(BitsError::Digits) => panic!("{bits:08x}: no digits were read"),
    }
}

#[test]
fn every_exponent_is_decoded_by_the_definition() {
    let mantissas = [
        0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x12_3456, 0x7f_ffff,
        0x80_0000, 0x80_0001, 0xff_ffff,
    ];
    for exponent in 0..=255_u32 {
        for mantissa in mantissas {
            check_decoding(exponent << 24 | mantissa);
        }
    }
}

#[test]
fn a_hash_equal_to_the_target_meets_it() {
    let target = Bits::new(0x1f00_ffff).target().unwrap();
    let hash = |number: U256| Hash::new(number.to_be_bytes());
    assert!(target.is_met_by(&hash(target.get())));
    assert!(target.is_met_by(&Hash::ZERO));
    assert!(!target.is_met_by(&hash(target.get() + U256::from(1))));
}

#[test]
fn zero_is_no_target() {
    assert_eq!(Target::new(U256::ZERO), None);
    assert_eq!(Bits::new(0x1f00_0000).target(), Err(BitsError::Zero));
    assert_eq!(Bits::new(0xff00_0000).target(), Err(BitsError::Zero));
}

#[test]
fn only_eight_lower_case_digits_are_bits() {
    assert_eq!("1f00ffff".parse(), Ok(Bits::new(0x1f00_ffff)));
    for text in [
        "",
        "1f00fff",
        "1f00ffff0",
        "1F00ffff",
        "1f00fffg",
        " 1f00fff",
        "+f00ffff",
        "0x00ffff",
        "éé0000",
    ] {
        assert_eq!(text.parse::<Bits>(), Err(BitsError::Digits), "{text}");
    }
}

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn any_bits_are_decoded_by_the_definition(bits: u32, exponent in 0..36_u32) {
        check_decoding(bits);
        check_decoding(exponent << 24 | bits & 0x00ff_ffff);
    }

    #[test]
    fn a_target_is_encoded_by_the_definition(target in any_target()) {
        prop_assert_eq!(target.to_bits().get(), naive_bits(target));
    }

    #[test]
    fn encoding_never_makes_a_target_easier_and_loses_little(target in any_target()) {
        let decoded = target.to_bits().target().unwrap();
        prop_assert!(decoded <= target);
        // 15 significant bits are left at least.
        prop_assert!(target.get() - decoded.get() <= target.get() >> 15);
        prop_assert_eq!(decoded.to_bits(), target.to_bits());
    }

    #[test]
    fn what_decodes_is_encoded_as_it_was(bits: u32) {
        if let Ok(target) = Bits::new(bits).target() {
            prop_assert_eq!(target.to_bits().get(), bits);
        }
    }

    #[test]
    fn a_hash_is_compared_as_a_big_endian_number(hash in any_hash(), target in any_target()) {
        let bytes: [u8; 32] = target.get().to_be_bytes();
        prop_assert_eq!(target.is_met_by(&hash), *hash.as_bytes() <= bytes);
    }

    #[test]
    fn bits_that_are_shown_are_read_back(bits: u32) {
        let shown = Bits::new(bits).to_string();
        prop_assert_eq!(shown.len(), 8);
        prop_assert_eq!(shown.parse(), Ok(Bits::new(bits)));
    }
}
