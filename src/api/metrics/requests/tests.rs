//! Tests.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

fn counts() -> Arc<RequestCounts> {
    Arc::new(RequestCounts::new([
        ("/a", Method::GET),
        ("/b/{c}", Method::GET),
        ("/a", Method::POST),
    ]))
}

/// The counters that are not zero.
fn counted(counts: &RequestCounts) -> Vec<(&'static str, &'static str, u64)> {
    counts.all().filter(|(_, _, count)| *count > 0).collect()
}

#[test]
fn requests_are_counted_by_pattern_and_class() {
    let counts = counts();
    for (path, status) in
        [(Some("/a"), 200), (Some("/a"), 204), (Some("/b/{c}"), 304), (None, 404), (None, 401)]
    {
        counts.begin(path, Method::GET).end(StatusCode::from_u16(status).unwrap());
    }
    counts.begin(Some("/a"), Method::GET).end(StatusCode::SERVICE_UNAVAILABLE);
    let expected =
        [("/a", "2xx", 2), ("/a", "5xx", 1), ("/b/{c}", "3xx", 1), ("unknown", "4xx", 2)];
    assert_eq!(counted(&counts), expected);
}

#[test]
fn every_counter_exists_from_the_start_and_once() {
    let counts = counts();
    let all: Vec<_> = counts.all().collect();
    assert_eq!(all.len(), 3 * OUTCOMES.len());
    assert!(all.iter().all(|(_, _, count)| *count == 0));
}

#[test]
fn the_time_of_a_request_counts_for_its_route_and_method() {
    let counts = counts();
    let other = Method::from_bytes(b"MADE-UP").unwrap();
    for (path, method) in [
        (Some("/a"), Method::GET),
        (Some("/a"), Method::POST),
        (Some("/a"), Method::POST),
        (Some("/a"), other.clone()),
        (Some("/b/{c}"), Method::DELETE),
        (None, other),
    ] {
        counts.begin(path, method).end(StatusCode::OK);
    }
    let durations = counts.durations();
    let durations: Vec<_> =
        durations.map(|(path, method, seconds)| (path, method, seconds.count)).collect();
    assert_eq!(durations, [("/a", "GET", 1), ("/a", "POST", 2), ("unknown", "other", 3)]);
}

#[test]
fn a_request_whose_client_left_has_no_status_and_a_panic_is_a_500() {
    let counts = counts();
    drop(counts.begin(Some("/a"), Method::GET));
    let panicking = || {
        let _counting = counts.begin(Some("/b/{c}"), Method::GET);
        panic!("a handler's");
    };
    catch_unwind(AssertUnwindSafe(panicking)).unwrap_err();
    assert_eq!(counted(&counts), [("/a", "none", 1), ("/b/{c}", "5xx", 1)]);
}
