//! Tests of what is said of a panic.

use super::*;

#[test]
fn a_panic_is_told_whatever_it_was_given() {
    assert_eq!(panic_message(&"a text"), "a text");
    assert_eq!(panic_message(&"an owned text".to_owned()), "an owned text");
    assert_eq!(panic_message(&7), "no message");
}

#[test]
fn the_line_of_a_panic_prints_in_either_format() {
    let evil = "no\nERROR forged\x1b[2J\u{9b}";
    let text = panic_line(LogFormat::Text, "src/x.rs:1:2", "miner", evil);
    let (time, rest) = text.split_once(' ').unwrap();
    assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
    let expected = "ERROR internal error: no\\nERROR forged\\u{1b}[2J\\u{9b} \
                    place=\"src/x.rs:1:2\" thread=\"miner\"\n";
    assert_eq!(rest, expected);
    let json = panic_line(LogFormat::Json, "src/x.rs:1:2", "miner", evil);
    assert!(json.ends_with("}\n") && json.lines().count() == 1, "{json}");
    assert!(!json.trim_end().contains(char::is_control), "{json:?}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["message"], format!("internal error: {evil}"));
    assert_eq!((&json["level"], &json["thread"]), (&"ERROR".into(), &"miner".into()));
}
