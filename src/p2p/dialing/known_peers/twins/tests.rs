//! Which peers are dialled though another link claims to lead to them.

use tokio::sync::oneshot;

use super::*;
use crate::chain::Timestamp;
use crate::node::DialError;

const CLOCK: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

fn peer() -> PeerUrl {
    "ws://192.0.2.1:7545".parse().unwrap()
}

/// A peer that is linked by our dial, and greeted.
fn linked(is_named: bool, now: Instant) -> Dials {
    let mut dials = Dials::new(|| 0);
    if is_named {
        dials.want(peer(), now);
    } else {
        dials.learn(peer(), None, now);
    }
    assert_eq!(dials.due(now, 8), [peer()]);
    dials.linked(&peer(), LinkId(5), "192.0.2.1".parse().unwrap(), CLOCK, now);
    dials.handshake_done(LinkId(5));
    dials
}

fn end(dials: &mut Dials, link: u64, now: Instant) {
    dials.ended(LinkId(link), false, &DialError::unreached("over"), CLOCK, now, 0);
}

#[test]
fn a_peer_that_prefers_its_own_link_is_not_dialled_while_that_lasts() {
    let now = Instant::now();
    let mut dials = linked(false, now);
    dials.is_twin(LinkId(5), LinkId(3), now);
    end(&mut dials, 5, now + SECOND);
    assert_eq!(dials.next_due(), None);
    end(&mut dials, 3, now + SECOND);
    assert!(dials.next_due().is_some());
}

#[test]
fn a_link_that_ends_later_is_dialled_again_whatever_twin_it_has() {
    let now = Instant::now();
    let mut dials = linked(false, now);
    dials.is_twin(LinkId(5), LinkId(3), now);
    end(&mut dials, 5, now + 11 * SECOND);
    assert!(dials.next_due().is_some());
}

#[test]
fn a_named_peer_is_dialled_now_and_then_though_it_prefers_its_own_link() {
    let now = Instant::now();
    let mut dials = linked(true, now);
    dials.is_twin(LinkId(5), LinkId(3), now);
    end(&mut dials, 5, now);
    assert_eq!(dials.next_due(), Some(now + 300 * SECOND));
    assert!(dials.list(|_| CLOCK)[0].is_linked);
    assert!(!dials.is_wanted(LinkId(3)), "anybody can claim to be that peer");
    end(&mut dials, 3, now + SECOND);
    assert!(dials.next_due().is_some_and(|due| due <= now + 2 * SECOND), "it has no link now");
    assert!(!dials.list(|_| CLOCK)[0].is_linked);
}

#[test]
fn two_names_of_one_peer_are_linked_once() {
    let now = Instant::now();
    let mut dials = linked(true, now);
    let other: PeerUrl = "ws://192.0.2.1:7546".parse().unwrap();
    dials.want(other.clone(), now);
    assert_eq!(dials.due(now, 8), std::slice::from_ref(&other));
    dials.linked(&other, LinkId(6), "192.0.2.1".parse().unwrap(), CLOCK, now);
    dials.is_twin(LinkId(6), LinkId(5), now);
    end(&mut dials, 6, now);
    assert_eq!(dials.next_due(), None);
    end(&mut dials, 5, now);
    assert_eq!(dials.due(now + SECOND, 8).len(), 2);
}

#[test]
fn a_peer_that_the_operator_names_is_dialled_though_a_link_claims_to_be_it() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    dials.learn(peer(), None, now);
    dials.linked_otherwise(&peer(), LinkId(3), now);
    assert!(dials.due(now, 8).is_empty());
    let (reply, mut answer) = oneshot::channel();
    dials.ask(&peer(), reply, now);
    assert!(answer.try_recv().is_err(), "that it is linked remains to be seen");
    assert_eq!(dials.due(now, 8), [peer()]);
}
