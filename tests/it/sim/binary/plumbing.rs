//! The simulation itself: what its driver, stores and links do is what the documentation says.

use jenny_chain::chain::{BlockId, Height, Timestamp};
use jenny_chain::sync::message::Message;
use jenny_chain::sync::{BinaryOutgoing, Outgoing, Output};

use super::arena::{Arena, GENESIS, Id};
use super::driver::Doing;
use super::event::Frame;
use super::network::Network;
use super::node::START_MILLIS;
use super::store::{Moved, Store};
use crate::sim::clock::SECOND;
use crate::sim::network::{Driver, Event, Socket};

fn send(socket: Socket, what: impl Into<Outgoing>) -> Output {
    Output::Send { link: socket.id(), what: what.into() }
}

fn grow(arena: &mut Arena, from: Id, count: usize, name: &str, bytes: usize) -> Vec<Id> {
    let mut tip = from;
    (0..count)
        .map(|index| {
            let records = vec![format!("{name}{index}"), "x".repeat(bytes)];
            tip = arena.mine(tip, records, Timestamp::from_millis(START_MILLIS - 1));
            tip
        })
        .collect()
}

#[test]
fn a_store_stages_reorgs_and_loses() {
    let mut arena = Arena::default();
    let main = grow(&mut arena, GENESIS, 3, "a", 1);
    let side = grow(&mut arena, main[0], 3, "b", 1);
    let mut store = Store::new(vec![GENESIS]);
    let moved = |fresh: &[Id], is_reorg| Some(Moved { fresh: fresh.to_vec(), is_reorg });
    assert_eq!(store.connect(&arena, &main), moved(&main, false));
    assert_eq!(store.connect(&arena, &side[1..]), None);
    assert_eq!(store.connect(&arena, &side[..2]), moved(&[], false));
    assert_eq!(store.connect(&arena, &side[2..]), moved(&side, true));
    assert_eq!(store.tip(), side[2]);
    assert!(store.holds(&arena, main[2]) && !store.is_main(&arena, main[2]));
    assert_eq!(store.range(1, 2), [main[0], side[0]]);
    store.prune();
    assert!(!store.holds(&arena, main[2]));
}

#[test]
fn a_locator_names_the_chain_sparsely() {
    let mut arena = Arena::default();
    let blocks = grow(&mut arena, GENESIS, 1_000, "a", 1);
    let store = Store::new([vec![GENESIS], blocks].concat());
    let locator = store.locator(&arena, None);
    let heights: Vec<u64> = locator.iter().map(|(height, _)| height.get()).collect();
    assert_eq!(heights[..13], [1000, 999, 998, 997, 996, 995, 994, 993, 992, 991, 990, 988, 984]);
    assert_eq!(heights.last(), Some(&0));
    assert!(heights.len() < 25);
    let below = Store::new(store.range(0, 989).to_vec());
    assert_eq!(below.shared(&arena, &locator), 988);
}

/// Two nodes with an open link, and the socket of the first one.
fn pair(blocks: usize, bytes: usize) -> (Network, Socket) {
    let mut network = Network::new(3);
    let chain = grow(&mut network.world.arena, GENESIS, blocks, "a", bytes);
    let one = network.add_honest([vec![GENESIS], chain].concat());
    let other = network.add_honest(vec![GENESIS]);
    let edge = network.link([one, other]);
    while !network.edges[edge].is_open() {
        network.run(1_000);
    }
    let socket = network.edges[edge].socket(edge, 0).unwrap();
    (network, socket)
}

/// The bodies of each message that is on the way to the other end.
fn under_way(network: &mut Network) -> Vec<usize> {
    let mut counts = Vec::new();
    while let Some(event) = network.clock.next(network.clock.now + SECOND) {
        match event {
            Event::Arrive(_, frame) => {
                if let Frame::Message(Message::Blocks { bodies, .. }) = *frame {
                    counts.push(bodies.len());
                }
            }
            Event::Took(socket) => network.took(socket),
            _ => (),
        }
    }
    counts
}

#[test]
fn bodies_go_out_a_mebibyte_at_a_time_as_the_socket_takes_them() {
    let (mut network, socket) = pair(100, 30_000);
    let last = network.world.arena.id_of(network.nodes[0].store.tip());
    let serve = send(socket, BinaryOutgoing::Blocks { request: 7, first: Height::new(21), last });
    network.perform(0, serve);
    let doing = &network.end(socket).doing;
    assert!(matches!(doing, Some(Doing::Bodies { left, .. }) if left.len() == 80 - 34));
    assert_eq!(under_way(&mut network), [34, 34, 12]);
    assert!(network.end(socket).doing.is_none());
}

#[test]
fn a_range_that_is_not_held_is_not_found() {
    let (mut network, socket) = pair(10, 1);
    let last = BlockId { height: Height::new(5), ..network.world.arena.id_of(GENESIS) };
    let serve = send(socket, BinaryOutgoing::Blocks { request: 7, first: Height::new(2), last });
    let before = network.world.report.clone();
    network.perform(0, serve);
    assert_eq!(network.world.report.sent(), before.sent() + 1);
    assert!(under_way(&mut network).is_empty());
}

#[test]
#[should_panic(expected = "for a closed link")]
fn an_output_for_a_closed_link_is_seen() {
    let (mut network, socket) = pair(1, 1);
    network.hang_up(socket);
    network.perform(0, send(socket, BinaryOutgoing::Peers));
}

#[test]
#[should_panic(expected = "something before Hello")]
fn a_message_before_hello_is_seen() {
    let (mut network, socket) = pair(1, 1);
    network.end(socket).seen.said_hello = false;
    network.perform(0, send(socket, Message::GetPeers));
}

#[test]
#[should_panic(expected = "of our kind")]
fn a_ban_among_honest_nodes_is_seen() {
    let (mut network, socket) = pair(1, 1);
    network.perform(0, Output::Ban { link: socket.id(), reason: "for a test" });
}
