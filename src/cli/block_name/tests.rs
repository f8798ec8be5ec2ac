//! Tests of hashes, their prefixes and expected tips.

use super::*;

#[test]
fn eight_digits_or_more_are_the_start_of_a_hash() {
    let hash: Hash =
        "0baf558e4122a1334c8b23f7b48ba5866c9601c57659eda803c91bf7c5ab6677".parse().unwrap();
    let text = hash.to_string();
    for digits in [8, 9, 63, 64] {
        let prefix: HashPrefix = text[..digits].parse().unwrap();
        assert!(prefix.fits(&hash) && !prefix.fits(&Hash::ZERO), "{prefix}");
        assert_eq!(prefix.whole().is_some(), digits == 64);
    }
    for text in ["", "0baf558", "0BAF558E", "0baf558g", "0baf558e ", &format!("{text}0")] {
        assert!(text.parse::<HashPrefix>().is_err(), "{text}");
    }
}

#[test]
fn an_expected_tip_has_a_whole_hash_and_perhaps_a_height() {
    let hash = Hash::ZERO.to_string();
    let tip: ExpectedTip = hash.parse().unwrap();
    assert_eq!((tip.height, tip.hash), (None, Hash::ZERO));
    let tip: ExpectedTip = format!("17:{hash}").parse().unwrap();
    assert_eq!(tip.height, Some(Height::new(17)));
    assert_eq!(tip.to_string(), format!("17:{hash}"));
    for text in ["", ":", "17", "17:", &format!(":{hash}"), &format!("+1:{hash}"), &hash[1..]] {
        assert!(text.parse::<ExpectedTip>().is_err(), "{text}");
    }
}
