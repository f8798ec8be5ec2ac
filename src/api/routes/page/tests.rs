//! Tests.

use super::*;
use crate::chain::Hash;

fn of(query: &str) -> Result<PageQuery, Problem> {
    PageQuery::of(&Query::parse(query), 1_000)
}

/// The span as numbers.
fn span(query: &str, lowest: u64, tip: u64) -> Option<(u64, u64)> {
    let span = of(query).unwrap().between(Height::new(lowest), Height::new(tip))?;
    Some((span.first.get(), span.last.get()))
}

#[test]
fn without_parameters_a_page_starts_at_genesis() {
    let query = of("").unwrap();
    assert_eq!((query.order, query.limit), (Order::Ascending, 100));
    assert_eq!(span("", 0, 7), Some((0, 7)));
    assert_eq!(span("order=desc", 0, 7), Some((7, 0)));
}

#[test]
fn a_height_belongs_to_the_page_and_a_cursor_does_not() {
    let cursor = |height: u64| Cursor(BlockId { height: Height::new(height), hash: Hash::ZERO });
    assert_eq!(span("from=5", 0, 7), Some((5, 7)));
    assert_eq!(span("from=5&order=desc", 0, 7), Some((5, 0)));
    assert_eq!(span(&format!("cursor={}", cursor(5)), 0, 7), Some((6, 7)));
    assert_eq!(span(&format!("cursor={}&order=desc", cursor(5)), 0, 7), Some((4, 0)));
    assert_eq!(span(&format!("cursor={}", cursor(7)), 0, 7), None);
    assert_eq!(span(&format!("cursor={}&order=desc", cursor(0)), 0, 7), None);
}

#[test]
fn a_height_above_the_tip_has_nothing_above_it_and_everything_below() {
    assert_eq!(span("from=8", 0, 7), None);
    assert_eq!(span("from=8&order=desc", 0, 7), Some((7, 0)));
}

#[test]
fn blocks_before_the_time_are_left_out_in_both_orders() {
    assert_eq!(span("", 3, 7), Some((3, 7)));
    assert_eq!(span("from=5", 3, 7), Some((5, 7)));
    assert_eq!(span("order=desc", 3, 7), Some((7, 3)));
    assert_eq!(span("from=2&order=desc", 3, 7), None);
}

#[test]
fn a_time_is_milliseconds_or_a_date() {
    let millis = |text: &str| of(&format!("since={text}")).unwrap().since.map(Timestamp::as_millis);
    assert_eq!(millis("1700000000123"), Some(1_700_000_000_123));
    assert_eq!(millis("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
    assert_eq!(millis("2023-11-14T22:13:20.123Z"), Some(1_700_000_000_123));
}

#[test]
fn a_bad_value_names_its_parameter() {
    let hash = "0".repeat(64);
    for (query, field) in [
        ("limit=0".to_owned(), "limit"),
        ("limit=1001".to_owned(), "limit"),
        ("order=up".to_owned(), "order"),
        ("since=yesterday".to_owned(), "since"),
        ("since=2023-11-14".to_owned(), "since"),
        ("from=tip".to_owned(), "from"),
        ("from=-1".to_owned(), "from"),
        ("cursor=5".to_owned(), "cursor"),
        (format!("cursor={hash}"), "cursor"),
        (format!("cursor=05-{hash}"), "cursor"),
        (format!("cursor=5-{hash}0"), "cursor"),
        (format!("cursor=5-{hash}&from=5"), "cursor"),
        ("from=1&from=1".to_owned(), "from"),
    ] {
        assert_eq!(of(&query).unwrap_err().field.as_deref(), Some(field), "{query}");
    }
}
