//! What becomes of those who ask, and what is listed.

use tokio::sync::oneshot;

use super::*;

type Answer = oneshot::Receiver<Result<(), DialError>>;

const CLOCK: Timestamp = Timestamp::from_millis(0);

fn peer(number: usize) -> PeerUrl {
    format!("ws://peer-{number}:7545").parse().unwrap()
}

fn ask(dials: &mut Dials, number: usize, now: Instant) -> Answer {
    let (reply, answer) = oneshot::channel();
    dials.ask(&peer(number), reply, now);
    answer
}

fn link(dials: &mut Dials, number: usize, now: Instant) {
    dials.linked(&peer(number), LinkId(5), "192.0.2.1".parse().unwrap(), CLOCK, now);
}

#[test]
fn a_link_that_ends_before_its_peer_was_known_is_told_why() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    let mut answer = ask(&mut dials, 1, now);
    dials.due(now, 8);
    link(&mut dials, 1, now);
    assert!(answer.try_recv().is_err(), "of which chain is it?");
    dials.ended(LinkId(5), true, &DialError::OtherChain, CLOCK, now, 0);
    assert_eq!(answer.try_recv().unwrap(), Err(DialError::OtherChain));
    assert_eq!(dials.list(|_| CLOCK)[0].last_error, Some(DialError::OtherChain));
}

#[test]
fn every_peer_is_listed_and_a_removed_one_is_gone() {
    let (now, mut dials) = (Instant::now(), Dials::new(|| 0));
    dials.learn(peer(1), None, now);
    dials.configure(&peer(2), now);
    let mut answer = ask(&mut dials, 3, now);
    assert_eq!(dials.due(now, 8).len(), 3);
    dials.failed(&peer(1), DialError::unreached("x".repeat(9_999)), now, 0);
    link(&mut dials, 2, now);
    dials.handshake_done(LinkId(5));
    let listed = dials.list(|_| Timestamp::from_millis(7));
    let told = |peer: &DialledPeer| (peer.is_named, peer.is_linked, peer.failures, peer.next_try);
    let told: Vec<_> = listed.iter().map(told).collect();
    let next = Some(Timestamp::from_millis(7));
    assert_eq!(told, [(false, false, 1, next), (true, true, 0, None), (true, false, 0, None)]);
    assert_eq!(listed[0].last_error.as_ref().unwrap().to_string().len(), MAX_DIAL_REASON);
    assert!(dials.named(&peer(2)).is_configured && !dials.named(&peer(3)).is_configured);

    assert_eq!(dials.remove(&peer(2)), Some(Removed { link: Some(LinkId(5)) }));
    assert_eq!(dials.remove(&peer(3)), Some(Removed { link: None }));
    assert_eq!(answer.try_recv().unwrap(), Err(DialError::Removed));
    assert_eq!(dials.remove(&peer(3)), None);
    assert!(dials.knows(&peer(1)) && !dials.knows(&peer(2)));
}

#[test]
fn a_link_leads_to_a_named_peer_if_we_dialled_it_or_if_it_is_the_twin_of_such_a_link() {
    let now = Instant::now();
    let mut dials = Dials::new(|| 0);
    dials.learn(peer(1), None, now);
    dials.due(now, 8);
    link(&mut dials, 1, now);
    assert!(!dials.leads_to_named(LinkId(5)), "another peer told of it");
    dials.want(peer(1), now);
    assert!(dials.leads_to_named(LinkId(5)));
    assert!(!dials.leads_to_named(LinkId(3)));
    dials.is_twin(LinkId(5), LinkId(3), now);
    dials.ended(LinkId(5), false, &DialError::unreached("over"), CLOCK, now, 0);
    assert!(dials.leads_to_named(LinkId(3)) && !dials.leads_to_named(LinkId(5)));
    dials.ended(LinkId(3), false, &DialError::unreached("over"), CLOCK, now, 0);
    assert!(!dials.leads_to_named(LinkId(3)));
}
