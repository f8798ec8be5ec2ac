//! Lines of the engine, and lines that are none.

use super::in_words;

#[test]
fn an_error_of_the_system_is_told_in_words_as_text_and_as_json() {
    let error = std::io::Error::from_raw_os_error(5);
    let words = "failed to flush data to disk: Input/output error (os error 5)";
    let line = format!("failed to flush data to disk: Io({error:?})");
    assert_eq!(in_words(&line), words);
    let json = serde_json::json!({ "message": line }).to_string();
    assert_eq!(in_words(&json), serde_json::json!({ "message": words }).to_string());
    let bare = format!("{:?}, twice {0:?}", std::io::Error::from_raw_os_error(28));
    let words = "No space left on device (os error 28)";
    assert_eq!(in_words(&bare), format!("{words}, twice {words}"));
}

#[test]
fn any_other_line_stays() {
    for line in ["", "Os { code: 5", "Os { code: 5, kind: X, message: \"a", "ready"] {
        assert_eq!(in_words(line), line);
    }
}
