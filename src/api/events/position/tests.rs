//! The text of a position.

use super::*;
use crate::chain::Hash;

#[test]
fn a_position_is_read_back_from_its_text() {
    let block = BlockId { height: Height::new(12), hash: Hash::new([0xab; 32]) };
    let position = Position { block, sent: 3 };
    let text = position.to_string();
    assert_eq!(text, format!("12-{}-3", "ab".repeat(32)));
    assert_eq!(Position::parse(&text), Some(position));
}

#[test]
fn anything_else_is_refused() {
    let hash = "ab".repeat(32);
    let upper = hash.to_uppercase();
    for text in [
        String::new(),
        "tip".to_owned(),
        hash.clone(),
        format!("12-{hash}"),
        format!("12-{hash}-"),
        format!("12-{hash}-3-4"),
        format!("012-{hash}-3"),
        format!("12-{hash}-03"),
        format!("+12-{hash}-3"),
        format!("12-{upper}-3"),
        format!("12-{hash}a-3"),
        format!(" 12-{hash}-3"),
        format!("9007199254740992-{hash}-3"),
        format!("99999999999999999999-{hash}-3"),
    ] {
        assert_eq!(Position::parse(&text), None, "{text}");
    }
}
