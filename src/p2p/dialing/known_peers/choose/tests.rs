//! Which peers come first, and how many of one network.

use std::time::Duration;

use super::super::MAX_TOLD;
use super::*;
use crate::p2p::net_group::Prefix;
use crate::p2p::test_util::random;
use crate::sync::LinkId;

fn at(ip: &str) -> PeerUrl {
    format!("ws://{ip}:7545").parse().unwrap()
}

fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn link(dials: &mut Dials, ip: &str, number: u64, now: Instant) {
    dials.linked(&at(ip), LinkId(number), ip.parse().unwrap(), time(1), now);
}

/// A teller of a network of its own.
const TELLER: Option<Prefix> = Some(Prefix::V4(7));

#[test]
fn named_peers_come_first_then_anchors_then_the_latest_reached_then_told_ones() {
    let (now, mut dials) = (Instant::now(), Dials::new(random));
    dials.learn(at("1.1.0.1"), TELLER, now);
    dials.reached(at("2.1.0.1"), time(5), false, now);
    dials.reached(at("3.1.0.1"), time(9), false, now);
    dials.reached(at("4.1.0.1"), time(1), true, now);
    dials.want(at("9.1.0.1"), now);
    let order = ["9.1.0.1", "4.1.0.1", "3.1.0.1", "2.1.0.1", "1.1.0.1"].map(at);
    assert_eq!(dials.due(now, 8), order);
}

#[test]
fn told_peers_come_in_an_order_that_their_addresses_do_not_decide() {
    let now = Instant::now();
    let runs: Vec<Vec<PeerUrl>> = (0..2)
        .map(|_| {
            let mut dials = Dials::new(random);
            for number in 1..=8 {
                dials.learn(at(&format!("{number}.1.0.1")), TELLER, now);
            }
            dials.due(now, 8)
        })
        .collect();
    assert_ne!(runs[0], runs[1]);
    let mut sorted = runs[0].clone();
    sorted.sort();
    assert_ne!(runs[0], sorted);
}

#[test]
fn at_most_two_dialled_links_lead_into_one_network_and_its_next_peer_waits_for_one_to_end() {
    let (now, mut dials) = (Instant::now(), Dials::new(random));
    for host in 1..=50 {
        dials.reached(at(&format!("6.6.0.{host}")), time(100), false, now);
        dials.reached(at(&format!("[2a00:1:{host}::1]")), time(100), false, now);
    }
    dials.reached(at("7.7.0.1"), time(1), false, now);
    let due = dials.due(now, 8);
    let within = |start: &str| due.iter().filter(|peer| peer.as_str().starts_with(start)).count();
    assert_eq!((within("ws://6.6."), within("ws://[2a00:1:")), (2, 2));
    assert!(due.contains(&at("7.7.0.1")) && due.len() == 5);
    assert!(dials.due(now, 8).is_empty() && dials.next_due().is_none(), "they wait");
    let first = due.iter().find(|peer| peer.as_str().starts_with("ws://6.6.")).unwrap();
    dials.failed(first, DialError::unreached("refused"), now, 0);
    let next = dials.due(now, 8);
    assert_eq!(next.len(), 1);
    assert!(next[0].as_str().starts_with("ws://6.6.") && next[0] != *first);
}

#[test]
fn the_operators_peers_and_networks_are_not_counted() {
    let (now, mut dials) = (Instant::now(), Dials::new(random));
    for host in 1..=4 {
        dials.want(at(&format!("6.6.0.{host}")), now);
        dials.reached(at(&format!("10.0.0.{host}")), time(1), false, now);
        dials.reached(at(&format!("127.0.0.{host}")), time(1), false, now);
    }
    dials.reached(at("6.6.1.1"), time(1), false, now);
    assert_eq!(dials.due(now, 100).len(), 13);
}

#[test]
fn a_name_is_counted_where_its_link_led() {
    let (now, mut dials) = (Instant::now(), Dials::new(random));
    for (number, name) in ["one.example", "two.example"].into_iter().enumerate() {
        dials.reached(at(name), time(1), false, now);
        assert_eq!(dials.due(now, 8), [at(name)]);
        let ip = "6.6.0.1".parse().unwrap();
        dials.linked(&at(name), LinkId(number as u64), ip, time(1), now);
    }
    dials.reached(at("6.6.0.2"), time(1), false, now);
    assert!(dials.due(now, 8).is_empty());
}

#[test]
fn one_network_tells_of_sixteen_addresses_and_replaces_only_its_own_that_failed() {
    let (now, mut dials) = (Instant::now(), Dials::new(random));
    let told = |dials: &Dials| {
        let is_told = |known: &&Known| matches!(known.origin, Origin::Told { by: TELLER });
        dials.known.values().filter(is_told).count()
    };
    for host in 0..100 {
        let is_taken = dials.learn(at(&format!("6.{host}.0.1")), TELLER, now);
        assert_eq!(is_taken, host < MAX_TOLD, "{host}");
    }
    assert!(dials.learn(at("8.8.0.1"), Some(Prefix::V4(8)), now), "another teller");
    let due = dials.due(now, 1);
    dials.failed(&due[0], DialError::unreached("refused"), now, 0);
    let is_its = due[0] != at("8.8.0.1");
    assert_eq!(dials.learn(at("6.200.0.1"), TELLER, now), is_its);
    assert_eq!(told(&dials), MAX_TOLD);
    // One that was reached is no told one any more.
    let ip = dials.feeler(now).unwrap();
    dials.felt(&ip, time(1), now);
    let left = told(&dials);
    assert_eq!(dials.learn(at("6.201.0.1"), TELLER, now), left < MAX_TOLD);
}

#[test]
fn a_feeler_takes_no_place_and_makes_a_told_peer_a_reached_one() {
    let (now, mut dials) = (Instant::now(), Dials::new(random));
    dials.want(at("9.1.0.1"), now);
    dials.due(now, 1);
    link(&mut dials, "9.1.0.1", 1, now);
    assert_eq!(dials.feeler(now), None, "what the operator named needs none");
    dials.learn(at("1.1.0.1"), TELLER, now);
    dials.due(now, 1);
    assert_eq!(dials.feeler(now), Some(at("1.1.0.1")));
    assert!(dials.is_feeler(&at("1.1.0.1")) && dials.feeler(now).is_none());
    dials.felt(&at("1.1.0.1"), time(3), now);
    assert!(!dials.is_told(&at("1.1.0.1")) && !dials.is_feeler(&at("1.1.0.1")));
    dials.reached(at("2.1.0.1"), time(2), false, now);
    assert_eq!(dials.due(now, 2), [at("1.1.0.1")], "its success is the later one");
    assert_eq!(dials.feeler(now), None);
}

#[test]
fn a_feeler_that_fails_rests_like_any_dial() {
    let (now, mut dials) = (Instant::now(), Dials::new(random));
    dials.learn(at("1.1.0.1"), TELLER, now);
    assert_eq!(dials.feeler(now), Some(at("1.1.0.1")));
    assert_eq!(dials.failed(&at("1.1.0.1"), DialError::unreached("refused"), now, 0), 1);
    assert_eq!(dials.feeler(now), None);
    assert_eq!(dials.feeler(now + Duration::from_secs(1)), Some(at("1.1.0.1")));
}

#[test]
fn a_link_that_lasted_counts_as_reached_when_it_ends() {
    let (now, mut dials) = (Instant::now(), Dials::new(random));
    for (number, ip) in ["1.1.0.1", "2.1.0.1"].into_iter().enumerate() {
        dials.reached(at(ip), time(1), false, now);
        dials.due(now, 2);
        link(&mut dials, ip, number as u64, now);
    }
    let own: Vec<_> = dials.own_choice().into_iter().map(|(peer, _)| peer.clone()).collect();
    assert_eq!(own, ["1.1.0.1", "2.1.0.1"].map(at));
    let soon = now + Duration::from_secs(1);
    assert_eq!(
        dials.ended(LinkId(0), false, &DialError::unreached("over"), time(50), soon, 0),
        None
    );
    let later = now + Duration::from_secs(120);
    assert_eq!(
        dials.ended(LinkId(1), false, &DialError::unreached("over"), time(50), later, 0),
        Some(at("2.1.0.1"))
    );
    let rested = later + Duration::from_secs(600);
    assert_eq!(dials.due(rested, 1), [at("2.1.0.1")]);
}

#[test]
fn a_named_peer_is_dialled_though_others_hold_every_place() {
    let (now, mut dials) = (Instant::now(), Dials::new(random));
    for (number, ip) in ["1.1.0.1", "2.1.0.1"].into_iter().enumerate() {
        dials.reached(at(ip), time(1), false, now);
        dials.due(now, 2);
        link(&mut dials, ip, number as u64, now);
    }
    for ip in ["9.1.0.1", "9.2.0.1", "9.3.0.1"] {
        dials.want(at(ip), now);
    }
    let due = dials.due(now, 2);
    assert_eq!(due.len(), 2);
    assert!(dials.due(now, 2).is_empty(), "there is no third place");
    dials.linked(&due[0], LinkId(7), "9.1.0.1".parse().unwrap(), time(1), now);
    dials.ended(LinkId(0), false, &DialError::unreached("over"), time(1), now, 0);
    dials.failed(&due[1], DialError::unreached("refused"), now, 0);
    let later = now + Duration::from_secs(1);
    assert_eq!(dials.due(later, 2).len(), 1, "beside the link that is still there");
}
