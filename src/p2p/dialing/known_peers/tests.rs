//! Who is dialled, and when.

use std::time::Duration;

use super::*;

fn peer(number: usize) -> PeerUrl {
    format!("ws://peer-{number}:7545").parse().unwrap()
}

const CLOCK: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn linked(dials: &mut Dials, number: usize, link: u64, now: Instant) {
    dials.linked(&peer(number), LinkId(link), "192.0.2.1".parse().unwrap(), CLOCK, now);
}

type Answer = oneshot::Receiver<Result<(), DialError>>;

fn ask(dials: &mut Dials, number: usize, now: Instant) -> Answer {
    let (reply, answer) = oneshot::channel();
    dials.ask(&peer(number), reply, now);
    answer
}

#[test]
fn a_failed_peer_rests_and_is_dialled_again() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    let mut answer = ask(&mut dials, 1, now);
    assert_eq!(dials.due(now, 8), [peer(1)]);
    assert!(dials.due(now, 8).is_empty(), "it is being dialled");
    assert_eq!(dials.failed(&peer(1), DialError::unreached("refused"), now, 0), 1);
    assert_eq!(answer.try_recv().unwrap(), Err(DialError::unreached("refused")));
    assert_eq!(dials.next_due(), Some(now + Duration::from_millis(500)));
    assert!(dials.due(now, 8).is_empty());
    assert_eq!(dials.due(now + Duration::from_millis(500), 8), [peer(1)]);
}

#[test]
fn a_linked_peer_answers_at_once_and_is_not_dialled() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    let mut first = ask(&mut dials, 1, now);
    dials.due(now, 8);
    linked(&mut dials, 1, 5, now);
    let mut second = ask(&mut dials, 1, now);
    assert!(first.try_recv().is_err() && second.try_recv().is_err(), "of which chain is it?");
    dials.handshake_done(LinkId(5));
    assert_eq!(first.try_recv().unwrap(), Ok(()));
    assert_eq!(second.try_recv().unwrap(), Ok(()));
    assert_eq!(ask(&mut dials, 1, now).try_recv().unwrap(), Ok(()));
    assert!(dials.due(now, 8).is_empty());
}

#[test]
fn only_a_stable_link_resets_the_waits() {
    let now = Instant::now();
    for (lasted, wait) in [(Duration::from_secs(119), 1_000), (Duration::from_secs(120), 500)] {
        let mut dials = Dials::new(|| 0);
        dials.want(peer(1), now);
        dials.due(now, 8);
        dials.failed(&peer(1), DialError::unreached("refused"), now, 0);
        dials.due(now + Duration::from_secs(1), 8);
        linked(&mut dials, 1, 5, now);
        dials.ended(LinkId(5), false, &DialError::unreached("over"), CLOCK, now + lasted, 0);
        assert_eq!(dials.next_due(), Some(now + lasted + Duration::from_millis(wait)));
    }
}

#[test]
fn a_peer_that_is_no_use_rests_longest() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    dials.want(peer(1), now);
    dials.due(now, 8);
    linked(&mut dials, 1, 5, now);
    dials.ended(LinkId(5), true, &DialError::unreached("over"), CLOCK, now, 0);
    assert_eq!(dials.next_due(), Some(now + Duration::from_secs(300)));
}

#[test]
fn those_asked_for_are_dialled_first_and_the_rest_told_that_there_is_no_room() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
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
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    let mut answer = ask(&mut dials, 1, now);
    dials.due(now, 8);
    dials.is_oneself(&peer(1));
    assert!(answer.try_recv().unwrap().is_err());
    assert!(ask(&mut dials, 1, now).try_recv().unwrap().is_err());
    assert!(dials.due(now + Duration::from_secs(9_999), 8).is_empty());
}

#[test]
fn the_peer_that_failed_most_makes_room() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    for number in 0..MAX_KNOWN {
        dials.want(peer(number), now);
    }
    dials.due(now, 8);
    dials.failed(&peer(0), DialError::unreached("refused"), now, 0);
    assert!(dials.want(peer(MAX_KNOWN), now));
    assert_eq!(dials.known.len(), MAX_KNOWN);
    assert!(!dials.known.contains_key(&peer(0)) && dials.known.contains_key(&peer(MAX_KNOWN)));
}

#[test]
fn a_peer_without_a_place_is_dialled_as_soon_as_there_is_one() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    dials.want(peer(1), now);
    dials.want(peer(2), now);
    assert_eq!(dials.due(now, 1), [peer(1)]);
    linked(&mut dials, 1, 1, now);
    assert!(dials.due(now, 1).is_empty());
    assert_eq!(dials.next_due(), None, "nothing is to be waited for");
    dials.ended(LinkId(1), false, &DialError::unreached("over"), CLOCK, now, 0);
    assert_eq!(dials.due(now, 1), [peer(2)]);
}

#[test]
fn a_peer_heard_of_takes_no_place_of_the_operators() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    for number in 0..MAX_KNOWN {
        dials.want(peer(number), now);
    }
    assert!(!dials.learn(peer(MAX_KNOWN), None, now));
    assert!(!dials.learn(peer(0), None, now), "it is known");

    let mut dials = Dials::new(|| 0);
    for number in 1..MAX_KNOWN {
        dials.want(peer(number), now);
    }
    assert!(dials.learn(peer(0), None, now));
    assert!(dials.learn(peer(MAX_KNOWN), None, now), "in place of another one heard of");
    assert!(!dials.known.contains_key(&peer(0)));
    // The operator's next one takes its place too, before any other of the operator's.
    assert!(dials.want(peer(MAX_KNOWN + 1), now));
    assert!(dials.known.values().all(Known::is_wanted));
    assert_eq!(dials.known.len(), MAX_KNOWN);
}

#[test]
fn half_of_the_places_are_kept_for_the_operators_peers_while_these_are_not_linked() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    for number in 10..30 {
        dials.learn(peer(number), None, now);
    }
    dials.want(peer(1), now);
    dials.want(peer(2), now);
    assert_eq!(dials.due(now, 8).len(), 8, "two of the operator's and six others");
    let busy = |dials: &Dials| {
        dials.known.values().filter(|known| matches!(known.state, State::Dialling)).count()
    };
    dials.failed(&peer(1), DialError::unreached("refused"), now, 0);
    dials.failed(&peer(2), DialError::unreached("refused"), now, 0);
    assert!(dials.due(now, 8).is_empty(), "their places are kept");
    let later = now + Duration::from_secs(1);
    assert_eq!(dials.due(later, 8), [peer(1), peer(2)]);
    assert_eq!(busy(&dials), 8);

    let mut dials = Dials::new(|| 0);
    for number in 0..20 {
        dials.want(peer(number), now);
    }
    for number in 0..20 {
        dials.failed(&peer(number), DialError::unreached("refused"), now, 0);
        dials.learn(peer(100 + number), None, now);
    }
    assert_eq!(dials.due(now, 8).len(), 4, "however many of the operator's are away");
}

#[test]
fn a_duplicate_of_nothing_is_this_node_itself() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    dials.want(peer(1), now);
    dials.due(now, 8);
    linked(&mut dials, 1, 5, now);
    dials.is_duplicate(LinkId(5), None, now);
    dials.ended(LinkId(5), false, &DialError::unreached("over"), CLOCK, now, 0);
    assert!(dials.due(now + Duration::from_secs(9_999), 8).is_empty());
}

#[test]
fn a_peer_that_linked_by_itself_is_not_dialled_unless_the_operator_named_it() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    dials.learn(peer(1), None, now);
    dials.want(peer(2), now);
    for number in [1, 2] {
        dials.linked_otherwise(&peer(number), LinkId(4), now);
    }
    assert_eq!(dials.due(now, 8), [peer(2)]);
    dials.ended(LinkId(4), false, &DialError::unreached("over"), CLOCK, now, 0);
    assert_eq!(dials.due(now + Duration::from_secs(1), 8), [peer(1)]);
}
