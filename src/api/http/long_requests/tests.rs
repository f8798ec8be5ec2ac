//! Places of long-lived requests.

use super::*;

#[test]
fn a_user_has_64_places_and_all_users_together_256() {
    let requests = LongRequests::default();
    let mut held = Vec::new();
    for user in ["a", "b", "c", "d"] {
        held.extend((0..64).map(|_| requests.take(user).unwrap()));
        assert_eq!(requests.take(user).unwrap_err(), TooManyLong::OfUser);
    }
    assert_eq!(requests.count(), 256);
    assert_eq!(requests.take("e").unwrap_err(), TooManyLong::OfAll);
    held.pop();
    assert_eq!(requests.take("a").unwrap_err(), TooManyLong::OfUser);
    held.push(requests.take("e").unwrap());
    assert_eq!(requests.take("d").unwrap_err(), TooManyLong::OfAll);
    drop(held);
    assert_eq!(requests.count(), 0);
    assert!(requests.lock().by_user.is_empty());
}

#[test]
fn a_refusal_says_whose_places_are_taken_and_when_to_come_back() {
    for (which, kind) in
        [(TooManyLong::OfAll, Kind::Busy), (TooManyLong::OfUser, Kind::TooManyLongRequests)]
    {
        let problem = Problem::from(which);
        assert_eq!(problem.kind, kind);
        let mut headers = http::HeaderMap::new();
        problem.put_headers(&mut headers);
        assert_eq!(headers["retry-after"], "5");
    }
}
