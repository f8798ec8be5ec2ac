//! What a request asks for.

use std::borrow::Cow;

use super::*;
use crate::api::http::problem::Kind;

fn asked(query: &str, header: Option<&str>) -> Result<Asked, Option<String>> {
    let mut headers = HeaderMap::new();
    if let Some(value) = header {
        headers.insert("last-event-id", value.parse().unwrap());
    }
    Asked::parse(query, &headers).map_err(|problem| {
        assert_eq!(problem.kind, Kind::InvalidParameter);
        problem.field.map(Cow::into_owned)
    })
}

#[test]
fn the_header_comes_before_the_query() {
    let [first, second] = ["1", "2"].map(|height| format!("{height}-{}-1", "ab".repeat(32)));
    let query = format!("x=y&after={first}");
    assert_eq!(asked("", None).unwrap().after, None);
    assert_eq!(asked(&query, None).unwrap().after, Position::parse(&first));
    assert_eq!(asked(&query, Some(&second)).unwrap().after, Position::parse(&second));
    // What a browser sends that has received nothing.
    assert_eq!(asked(&query, Some("")).unwrap().after, Position::parse(&first));
}

#[test]
fn a_list_of_types_may_be_percent_encoded() {
    let plain = asked("types=block.connected,peer.connected", None).unwrap();
    assert_eq!(asked("types=block.connected%2Cpeer.connected", None).unwrap(), plain);
}

#[test]
fn what_is_malformed_or_repeated_is_named() {
    let field = |name: &str| Err(Some(name.to_owned()));
    assert_eq!(asked("after=7", None), field("after"));
    assert_eq!(asked("", Some("7")), field("Last-Event-ID"));
    assert_eq!(asked("until=now", None), field("until"));
    assert_eq!(asked("types=a", None), field("types"));
    assert_eq!(asked("record=a", None), field("record"));
    assert_eq!(asked("until=tip&until=tip", None), field("until"));
    assert_eq!(asked("until=tip", None).unwrap().end, End::Tip);
}
