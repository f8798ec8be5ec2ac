//! Tests.

use super::*;

fn data(body: &str) -> Result<Vec<String>, Option<String>> {
    strings(body.as_bytes(), "data", 100)
        .map(|strings| strings.kept)
        .map_err(|problem| problem.field.map(std::borrow::Cow::into_owned))
}

#[test]
fn strings_are_read_exactly() {
    let read = data(r#" { "data" : [ "", "a\n\u00e9\ud83d\ude00" , "" ] } "#);
    assert_eq!(read, Ok(vec![String::new(), "a\né😀".to_owned(), String::new()]));
}

#[test]
fn no_more_than_asked_for_are_kept_but_all_are_checked() {
    let read = strings(br#"{"data":["a","b","c"]}"#, "data", 2).unwrap();
    assert_eq!(read, Strings { kept: vec!["a".to_owned(), "b".to_owned()], count: 3 });
    let error = strings(br#"{"data":["a","b",3]}"#, "data", 2).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("data[2]"));
}

#[test]
fn what_is_skipped_is_held_to_depth_and_surrogates() {
    let nested =
        |depth: usize| format!(r#"{{"x":{}{},"data":[]}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(data(&nested(MAX_REQUEST_DEPTH - 1)), Ok(Vec::new()));
    assert_eq!(data(&nested(MAX_REQUEST_DEPTH)), Err(None));
    for lone in
        [r"\ud800", r"\udfff", r"\ud800\ud800\udc00", r"\ud800x", r"\uDC00\uD800", r"a\\\ud800"]
    {
        assert_eq!(data(&format!(r#"{{"data":[],"x":["{lone}"]}}"#)), Err(None), "{lone}");
        assert_eq!(data(&format!(r#"{{"data":[],"{lone}":1}}"#)), Err(None), "{lone}");
    }
    for fine in [r"\ud83d\ude00", r"\\ud800", r#"\"[[{\u005b"#, r"\uD83D\uDE00\ue000"] {
        assert_eq!(data(&format!(r#"{{"data":[],"x":["{fine}"]}}"#)), Ok(Vec::new()), "{fine}");
    }
}

#[test]
fn an_error_after_the_value_is_not_the_values() {
    assert_eq!(data(r#"{"data":["a"],}"#), Err(None));
    assert_eq!(data(r#"{"data":["a"]} 1"#), Err(None));
    assert_eq!(data(r#"{"data":[]"#), Err(None));
}

#[test]
fn one_string_is_read_as_strictly() {
    assert_eq!(string(br#"{"x":[],"peer":"a"}"#, "peer").unwrap(), "a");
    for body in ["{}", r#"{"peer":null}"#, r#"{"peer":["a"]}"#, r#"{"peer":"a","peer":"a"}"#] {
        let problem = string(body.as_bytes(), "peer").unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("peer"), "{body}");
    }
}

#[test]
fn an_empty_body_says_what_to_send() {
    for body in ["", " \r\n"] {
        let problem = string(body.as_bytes(), "peer").unwrap_err();
        let said = "the body is empty; send a JSON object with the key `peer`";
        assert_eq!((problem.detail.as_ref(), problem.field), (said, None));
    }
}
