//! Tests.

use super::*;

#[test]
fn values_are_decoded_and_unknown_names_passed_over() {
    let query = Query::parse("x=1&a%62=%32%30+2&empty=&bare");
    assert_eq!(query.get("ab").unwrap(), Some("20 2"));
    assert_eq!(query.get("empty").unwrap(), Some(""));
    assert_eq!(query.get("bare").unwrap(), Some(""));
    assert_eq!(query.get("absent").unwrap(), None);
}

#[test]
fn a_repeated_parameter_is_named() {
    let query = Query::parse("limit=1&limit=1");
    let problem = query.number("limit", 1..=9).unwrap_err();
    assert_eq!((problem.kind, problem.field.as_deref()), (Kind::InvalidParameter, Some("limit")));
}

#[test]
fn numbers_are_plain_digits_within_their_range() {
    let number = |text: &str| Query::parse(text).number("n", 1..=1_000);
    assert_eq!(number("").unwrap(), None);
    assert_eq!((number("n=1").unwrap(), number("n=1000").unwrap()), (Some(1), Some(1_000)));
    for text in
        ["n=0", "n=1001", "n=01", "n=+1", "n=-1", "n=1.0", "n=", "n=%FF", "n=18446744073709551616"]
    {
        let problem = number(text).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("n"), "{text}");
        assert!(problem.detail.contains("from 1 to 1000"), "{}", problem.detail);
    }
}
