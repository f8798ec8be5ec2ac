//! Records line by line.

use super::*;

#[test]
fn a_line_is_a_string_or_an_object_and_blank_ones_are_skipped() {
    let body = b"\"a\"\r\n\n{\"data\":\"b\",\"x\":1}\n  \"\"  \n";
    assert_eq!(lines(body).unwrap(), ["a", "b", ""]);
    assert_eq!(lines(b"").unwrap(), Vec::<String>::new());
}

#[test]
fn a_line_that_is_neither_is_named() {
    for line in ["1", "[\"a\"]", "\"a", "a", "{}", "{\"data\":1}", "\"\\ud800\"", "\"a\" \"b\""] {
        let problem = lines(format!("\"first\"\n\n{line}\n").as_bytes()).unwrap_err();
        assert_eq!(problem.kind, Kind::InvalidBody, "{line}");
        assert_eq!(problem.field.as_deref(), Some("line 3"), "{line}");
    }
}

#[test]
fn more_records_than_a_request_may_have_are_refused() {
    let line = "\"\"\n";
    assert_eq!(lines(line.repeat(MAX_REQUEST_RECORDS).as_bytes()).unwrap().len(), 10_000);
    let many = lines(line.repeat(MAX_REQUEST_RECORDS + 1).as_bytes()).unwrap_err();
    assert_eq!(many.kind, Kind::TooManyRecords);
}
