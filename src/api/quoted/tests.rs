//! Texts that are harmless, and texts that are not.

use super::quoted;

#[test]
fn only_what_does_not_print_is_escaped() {
    assert_eq!(quoted("m\u{fc}nchen \"x\" C:\\y"), "`m\u{fc}nchen \"x\" C:\\y`");
    assert_eq!(quoted("a\u{1b}[2J\nb\u{202e}c"), "`a\\u{1b}[2J\\nb\\u{202e}c`");
}
