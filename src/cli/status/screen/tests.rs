//! Tests.

use super::*;

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

#[test]
fn a_picture_begins_at_the_top_and_erases_what_is_left_of_the_last_one() {
    let text = picture(&lines(&["one", "two"]), 24, 80);
    assert_eq!(text, "\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J");
}

#[test]
fn a_picture_fits_its_terminal() {
    let text = picture(&lines(&["first line", "second", "third", "fourth"]), 3, 8);
    assert_eq!(text, "\x1b[Hfirst …\x1b[K\r\nsecond\x1b[K\r\n…\x1b[K\x1b[J");
    assert_eq!(picture(&lines(&["ab", "c"]), 2, 80), "\x1b[Hab\x1b[K\r\nc\x1b[K\x1b[J");
    for (rows, columns) in [(1, 1), (0, 0), (1, 80)] {
        let text = picture(&lines(&["first", "second"]), rows, columns);
        assert!(!text.contains('\n'), "{text:?}");
    }
}

#[test]
fn characters_that_control_a_terminal_are_shown() {
    let text = picture(&lines(&["a\u{1b}[31mb\u{9b}2J\u{202e}"]), 24, 80);
    assert_eq!(text, "\x1b[Ha\\u{1b}[31mb\\u{9b}2J\\u{202e}\x1b[K\x1b[J");
}
