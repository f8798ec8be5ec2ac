//! Who is dialled, and when.

use std::time::Duration;

use super::*;

fn peer(number: usize) -> PeerUrl {
    format!("ws://peer-{number}:7545").parse().unwrap()
}

type Answer = oneshot::Receiver<Result<(), DialError>>;

fn ask(dials: &mut Dials, number: usize, now: Instant) -> Answer {
    let (reply, answer) = oneshot::channel();
    dials.ask(&peer(number), reply, now);
    answer
}

#[test]
fn a_failed_peer_rests_and_is_dialled_again() {
    let now = Instant::now();
    let mut dials = Dials::default();
    let mut answer = ask(&mut dials, 1, now);
    assert_eq!(dials.due(now, 8), [peer(1)]);
    assert!(dials.due(now, 8).is_empty(), "it is being dialled");
    assert_eq!(dials.failed(&peer(1), "refused", now, 0), 1);
    assert_eq!(answer.try_recv().unwrap(), Err(DialError("refused".to_owned())));
    assert_eq!(dials.next_due(), Some(now + Duration::from_millis(500)));
    assert!(dials.due(now, 8).is_empty());
    assert_eq!(dials.due(now + Duration::from_millis(500), 8), [peer(1)]);
}

#[test]
fn a_linked_peer_answers_at_once_and_is_not_dialled() {
    let now = Instant::now();
    let mut dials = Dials::default();
    let mut first = ask(&mut dials, 1, now);
    dials.due(now, 8);
    dials.linked(&peer(1), LinkId(5), now);
    assert_eq!(first.try_recv().unwrap(), Ok(()));
    assert_eq!(ask(&mut dials, 1, now).try_recv().unwrap(), Ok(()));
    assert!(dials.due(now, 8).is_empty());
}

#[test]
fn only_a_stable_link_resets_the_waits() {
    let now = Instant::now();
    for (lasted, wait) in [(Duration::from_secs(119), 1_000), (Duration::from_secs(120), 500)] {
        let mut dials = Dials::default();
        dials.want(peer(1), now);
        dials.due(now, 8);
        dials.failed(&peer(1), "refused", now, 0);
        dials.due(now + Duration::from_secs(1), 8);
        dials.linked(&peer(1), LinkId(5), now);
        dials.ended(LinkId(5), false, now + lasted, 0);
        assert_eq!(dials.next_due(), Some(now + lasted + Duration::from_millis(wait)));
    }
}

#[test]
fn a_peer_that_is_no_use_rests_longest() {
    let now = Instant::now();
    let mut dials = Dials::default();
    dials.want(peer(1), now);
    dials.due(now, 8);
    dials.linked(&peer(1), LinkId(5), now);
    dials.ended(LinkId(5), true, now, 0);
    assert_eq!(dials.next_due(), Some(now + Duration::from_secs(300)));
}

#[test]
fn those_asked_for_are_dialled_first_and_the_rest_told_that_there_is_no_room() {
    let now = Instant::now();
    let mut dials = Dials::default();
    for number in 0..3 {
        dials.want(peer(number), now);
    }
    let mut eighth = ask(&mut dials, 8, now);
    let mut ninth = ask(&mut dials, 9, now);
    assert_eq!(dials.due(now, 1), [peer(8)]);
    assert!(ninth.try_recv().unwrap().unwrap_err().to_string().contains("p2p.max_dialled"));
    assert!(eighth.try_recv().is_err(), "it is being dialled");
}

#[test]
fn this_node_itself_is_never_dialled_again() {
    let now = Instant::now();
    let mut dials = Dials::default();
    let mut answer = ask(&mut dials, 1, now);
    dials.due(now, 8);
    dials.is_oneself(&peer(1));
    assert!(answer.try_recv().unwrap().is_err());
    assert!(ask(&mut dials, 1, now).try_recv().unwrap().is_err());
    assert!(dials.due(now + Duration::from_secs(9_999), 8).is_empty());
}

#[test]
fn the_peer_that_failed_most_makes_room() {
    let now = Instant::now();
    let mut dials = Dials::default();
    for number in 0..MAX_KNOWN {
        dials.want(peer(number), now);
    }
    dials.due(now, 8);
    dials.failed(&peer(0), "refused", now, 0);
    assert!(dials.want(peer(MAX_KNOWN), now));
    assert_eq!(dials.known.len(), MAX_KNOWN);
    assert!(!dials.known.contains_key(&peer(0)) && dials.known.contains_key(&peer(MAX_KNOWN)));
}

#[test]
fn a_peer_without_a_place_is_dialled_as_soon_as_there_is_one() {
    let now = Instant::now();
    let mut dials = Dials::default();
    dials.want(peer(1), now);
    dials.want(peer(2), now);
    assert_eq!(dials.due(now, 1), [peer(1)]);
    dials.linked(&peer(1), LinkId(1), now);
    assert!(dials.due(now, 1).is_empty());
    assert_eq!(dials.next_due(), None, "nothing is to be waited for");
    dials.ended(LinkId(1), false, now, 0);
    assert_eq!(dials.due(now, 1), [peer(2)]);
}
