//! Messages of a stream.

use super::*;

fn messages(text: &str) -> Result<Vec<Message>> {
    let mut body = text.as_bytes();
    std::iter::from_fn(|| read(&mut body).transpose()).collect()
}

#[test]
fn events_positions_and_comments_are_told_apart() {
    let text = "retry: 2000\nid: 1-a-1\n\n:\n\nid: 2-b-1\nevent: x\ndata: {\"a\": 1}\n\nevent: y\ndata:1\n\n";
    let message = |id: Option<&str>, event: Option<&str>, data: &str| Message {
        id: id.map(str::to_owned),
        event: event.map(str::to_owned),
        data: data.to_owned(),
    };
    let expected = [
        message(Some("1-a-1"), None, ""),
        message(None, None, ""),
        message(Some("2-b-1"), Some("x"), "{\"a\": 1}"),
        message(None, Some("y"), "1"),
    ];
    assert_eq!(messages(text).unwrap(), expected);
}

#[test]
fn a_message_that_is_cut_off_is_left_out() {
    for text in ["id: 1-a-1\n", "id: 1-a-1", "id: 1-a-1\nevent: x\ndata: 1\n", ""] {
        assert_eq!(messages(text).unwrap(), []);
    }
}

#[test]
fn a_line_without_end_is_an_error() {
    assert!(messages(&"x".repeat(MAX_EVENT_LINE_BYTES)).is_err());
}
