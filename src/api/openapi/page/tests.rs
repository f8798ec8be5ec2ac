//! Tests.

use serde_json::json;

use super::*;

#[test]
fn a_word_stays_one_word_for_a_shell() {
    assert_eq!(quoted("{\"data\":\"it's $HOME\"}"), "'{\"data\":\"it'\\''s $HOME\"}'");
}

#[test]
fn a_value_is_told_in_words() {
    assert_eq!(range(&json!({"minimum": 1, "maximum": 9, "default": 2})), "1 to 9, default 2");
    assert_eq!(
        range(&json!({"enum": ["asc", "desc"], "default": "asc"})),
        "asc or desc, default asc"
    );
    assert_eq!(range(&json!({"type": "string"})), "");
}
