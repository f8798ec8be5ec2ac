//! Which peers are anchors, how long, and what is kept for them.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::chain::Timestamp;
use crate::node::DialError;
use crate::p2p::test_util::random;
use crate::sync::LinkId;

const TIME: Timestamp = Timestamp::from_millis(1);

fn at(net: u8) -> PeerUrl {
    format!("ws://{net}.1.0.1:7545").parse().unwrap()
}

/// Dials that know these anchors and, reached later, these others.
fn dials(anchors: &[u8], others: &[u8], now: Instant) -> Dials {
    let mut dials = Dials::new(random);
    for net in anchors {
        dials.reached(at(*net), TIME, true, now);
    }
    for net in others {
        dials.reached(at(*net), Timestamp::from_millis(9), false, now);
    }
    dials
}

fn link(dials: &mut Dials, net: u8, now: Instant) {
    dials.linked(&at(net), LinkId(net.into()), [net, 1, 0, 1].into(), TIME, now);
}

fn fail(dials: &mut Dials, net: u8, now: Instant) {
    dials.failed(&at(net), DialError::unreached("refused"), now, 0);
}

fn anchors(nets: &[u8]) -> BTreeSet<PeerUrl> {
    nets.iter().copied().map(at).collect()
}

#[test]
fn a_place_is_kept_for_an_anchor_that_failed_until_it_has_been_away_for_long() {
    let now = Instant::now();
    let mut dials = dials(&[1, 2], &[11, 12, 13, 14, 15, 16, 17, 18], now);
    let due = dials.due(now, 8);
    assert!(due.len() == 8 && due[..2].contains(&at(1)) && due[..2].contains(&at(2)), "{due:?}");
    fail(&mut dials, 1, now);
    assert!(dials.due(now, 8).is_empty(), "its place is kept");
    let mut later = now;
    for _ in 0..9 {
        later += Duration::from_secs(600);
        assert_eq!(dials.due(later, 8), [at(1)]);
        fail(&mut dials, 1, later);
    }
    later += Duration::from_secs(600);
    assert_eq!(dials.due(later, 8), [at(1)]);
    fail(&mut dials, 1, later);
    assert_eq!(dials.due(later, 8).len(), 1, "others have waited for long enough");
}

#[test]
fn half_of_the_places_at_most_are_kept_and_the_only_one_never() {
    let now = Instant::now();
    for (max, free) in [(8, 4), (5, 3), (1, 1)] {
        let mut dials = dials(&[1, 2, 3, 4], &[11, 12, 13, 14, 15, 16, 17, 18], now);
        for net in 1..=4 {
            fail(&mut dials, net, now);
        }
        assert_eq!(dials.due(now, max).len(), free, "{max}");
    }
    // The operator's come before.
    let mut dials = dials(&[1, 2, 3, 4], &[11, 12, 13, 14, 15, 16, 17, 18], now);
    for net in 21..=23 {
        dials.want(at(net), now);
        fail(&mut dials, net, now);
    }
    for net in 1..=4 {
        fail(&mut dials, net, now);
    }
    assert_eq!(dials.due(now, 8).len(), 4);
    let later = now + Duration::from_millis(500);
    assert_eq!(dials.due(later, 8), [21, 22, 23, 1].map(at));
}

#[test]
fn an_anchor_that_is_away_for_a_moment_stays_one() {
    let now = Instant::now();
    let mut dials = dials(&[1, 2, 3, 4], &[11, 12, 13], now);
    dials.due(now, 8);
    for net in [1, 2] {
        fail(&mut dials, net, now);
    }
    for net in [3, 4, 11, 12, 13] {
        link(&mut dials, net, now);
    }
    assert_eq!(dials.choose_anchors(), None);
    dials.ended(LinkId(3), false, &DialError::unreached("over"), TIME, now, 0);
    assert_eq!(dials.choose_anchors(), None);
    for _ in 0..10 {
        fail(&mut dials, 1, now);
    }
    assert_eq!(dials.choose_anchors(), Some(anchors(&[2, 3, 4, 11])));
}

#[test]
fn an_anchor_that_is_no_use_makes_room_for_the_oldest_link() {
    let now = Instant::now();
    let mut dials = dials(&[1, 2, 3, 4], &[11], now);
    dials.due(now, 8);
    link(&mut dials, 1, now);
    dials.ended(LinkId(1), true, &DialError::unreached("over"), TIME, now, 0);
    assert_eq!(dials.choose_anchors(), None, "there is no other one");
    link(&mut dials, 11, now);
    assert_eq!(dials.choose_anchors(), Some(anchors(&[2, 3, 4, 11])));
}

#[test]
fn an_anchor_is_forgotten_last() {
    let now = Instant::now();
    let mut dials = dials(&[1], &[], now);
    fail(&mut dials, 1, now);
    for number in 0..2_000 {
        let peer = format!("ws://peer-{number}:7545").parse().unwrap();
        dials.reached(peer, TIME, false, now);
    }
    assert!(dials.knows(&at(1)));
}
