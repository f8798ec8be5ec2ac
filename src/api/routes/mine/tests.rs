//! Tests.

use http::header::HeaderMap;

use super::*;
use crate::chain::Spec;

#[test]
fn a_record_that_is_too_long_is_named() {
    let records = [String::new(), "x".repeat(65_537)];
    let error = Spec::dev().check_records(&records).unwrap_err();
    assert_eq!(too_large(&error).field.as_deref(), Some("data[1]"));
    let all = vec!["x".repeat(65_536); 17];
    let error = Spec::dev().check_records(&all).unwrap_err();
    assert_eq!(too_large(&error).field.as_deref(), Some("data"));
}

#[test]
fn what_may_have_been_stored_asks_nobody_to_send_it_again() {
    let problem = refused(&MineError::Storage);
    assert_eq!((problem.kind, problem.status().as_u16()), (Kind::Storage, 500));
    assert!(problem.detail.contains("may have been stored"), "{}", problem.detail);
    let mut headers = HeaderMap::new();
    problem.put_headers(&mut headers);
    assert!(!headers.contains_key("retry-after"));
}

#[test]
fn whatever_may_pass_says_when_to_come_again() {
    for (error, kind) in [
        (MineError::QueueFull, Kind::QueueFull),
        (MineError::Deadline(Duration::from_secs(1)), Kind::MiningDeadline),
        (MineError::Stopping, Kind::Stopping),
    ] {
        let problem = refused(&error);
        assert_eq!(problem.kind, kind);
        let mut headers = HeaderMap::new();
        problem.put_headers(&mut headers);
        assert!(headers.contains_key("retry-after"), "{kind:?}");
    }
}
