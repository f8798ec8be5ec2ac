//! Tests.

use super::*;
use crate::chain::MAX_SAFE_INTEGER;

#[test]
fn names_are_read_strictly() {
    use BlockSelector as S;
    assert_eq!(S::parse("tip"), Some(S::Tip));
    assert_eq!(S::parse("0"), Some(S::Height(Height::GENESIS)));
    assert_eq!(S::parse("9007199254740991"), Some(S::Height(Height::new(MAX_SAFE_INTEGER))));
    let digits = "1".repeat(64);
    assert_eq!(S::parse(&digits), digits.parse().ok().map(S::Hash));
    for name in ["", "00", "9007199254740992", "-0", "1 ", "٣", "Tip"] {
        assert_eq!(S::parse(name), None, "{name}");
    }
}
