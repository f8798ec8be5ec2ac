//! What scripts answer.

use std::collections::VecDeque;

use jenny_chain::chain::test_util::{Headers, seal};
use jenny_chain::chain::{BlockId, Hash, Header, Height};
use jenny_chain::sync::message::{Body, MAX_HEADERS, Message};

use super::arena::{Arena, GENESIS, Id};
use super::network::Network;
use super::script::Kind;
use super::store::Store;
use crate::sim::clock::{MILLI, Micros, SECOND};
use crate::sim::network::Socket;

/// Blocks that a withheld branch is ahead.
const AHEAD: usize = 8;
/// How far a future block's time is ahead: a little more than may be.
const FUTURE_MILLIS: u64 = 122_000;
/// A node waits for two seconds; the latency comes on top.
const IN_TIME: Micros = 1_800 * MILLI;
/// Where a claim stands.
const HIGH: u64 = 1_000_000_000;

impl Network {
    pub(super) fn script_serves_headers(
        &mut self,
        socket: Socket,
        locator: &[(Height, Hash)],
        stop: Option<Hash>,
    ) {
        let node = self.node_at(socket);
        let script = self.script(node);
        let (kind, secret) = (script.kind, script.secret);
        let message = match kind {
            Kind::Silent => return,
            Kind::Floods => Message::Headers(flooded(&self.world.flood, locator)),
            Kind::Withholds | Kind::Future if secret.is_some() => {
                let chain = self.world.arena.chain(secret.unwrap_or(GENESIS));
                Message::Headers(above(&self.world.arena, &chain, locator))
            }
            Kind::BadHeaders => {
                let Message::Headers(mut headers) = self.headers_above(node, locator, stop) else {
                    return;
                };
                self.spoil(&mut headers);
                Message::Headers(headers)
            }
            _ => self.headers_above(node, locator, stop),
        };
        match kind {
            Kind::Repeats => {
                self.transmit(socket, message.clone());
            }
            Kind::SlowInTime => self.pause(socket, IN_TIME),
            Kind::ClaimAndDrip => {
                self.pause(socket, IN_TIME);
                self.announce_high(socket);
            }
            _ => (),
        }
        let message = match message {
            Message::Headers(mut headers) if kind == Kind::ClaimAndDrip => {
                headers.truncate(1);
                Message::Headers(headers)
            }
            message => message,
        };
        self.transmit(socket, message);
    }

    /// Nothing that is sent from now on leaves earlier.
    fn pause(&mut self, socket: Socket, time: Micros) {
        let now = self.clock.now;
        let end = self.end(socket);
        end.busy = end.busy.max(now) + time;
    }

    /// Names a block far above all chains, of which nothing but its own work can be checked.
    pub(super) fn announce_high(&mut self, socket: Socket) {
        let tip = self.nodes[self.node_at(socket)].store.tip();
        let mut header = *self.world.arena.header(tip);
        header.height = Height::new(HIGH);
        seal(&mut header, true);
        self.transmit(socket, Message::Announce(header));
    }

    /// Makes headers break a rule.
    fn spoil(&mut self, headers: &mut [Header]) {
        let middle = headers.len() / 2;
        let choice = self.random.below(3);
        let Some(header) = headers.get_mut(middle) else { return };
        match choice {
            0 => header.nonce += 1 << 40,
            1 => header.previous_hash = Hash::new([3; 32]),
            _ => header.height = header.height.next(),
        }
    }

    pub(super) fn script_serves_blocks(
        &mut self,
        socket: Socket,
        request: u64,
        first: u64,
        last: BlockId,
    ) {
        let node = self.node_at(socket);
        let script = self.script(node);
        let (kind, served, secret) = (script.kind, script.served, script.secret);
        let ids = match secret {
            Some(secret) if kind == Kind::Future => {
                let chain = Store::new(self.world.arena.chain(secret));
                chain.view(&self.world.arena, first, last)
            }
            _ => self.nodes[node].store.view(&self.world.arena, first, last),
        };
        if matches!(kind, Kind::Silent | Kind::Withholds | Kind::Floods)
            || matches!(kind, Kind::Quits(after) if served > after)
        {
            return;
        }
        if ids.is_empty() || kind == Kind::NotFound {
            self.transmit(socket, Message::NotFound { request });
            return;
        }
        self.script(node).served += ids.len() as u64;
        let mut bodies: Vec<Body> =
            ids.iter().map(|&id| self.world.arena.body(id).clone()).collect();
        let one = self.random.below(bodies.len());
        match kind {
            Kind::WrongBodies => bodies[one] = Body::of(&["not this".to_owned()]).unwrap(),
            Kind::TornBodies => bodies[one] = torn(),
            Kind::Reorders => bodies.reverse(),
            Kind::LyingCount => bodies.fill_with(lying),
            Kind::Dribbles => {
                self.dribble(socket, request, ids, SECOND);
                return;
            }
            Kind::SlowInTime | Kind::CheapBranch | Kind::ClaimAndDrip => {
                self.pause(socket, IN_TIME);
                self.dribble(socket, request, ids, IN_TIME);
                return;
            }
            _ => (),
        }
        if kind == Kind::Repeats {
            self.transmit(socket, Message::Blocks { request, bodies: bodies.clone() });
        }
        self.transmit(socket, Message::Blocks { request, bodies });
    }

    fn dribble(&mut self, socket: Socket, request: u64, ids: VecDeque<Id>, pause: Micros) {
        for id in ids {
            let bodies = vec![self.world.arena.body(id).clone()];
            self.transmit(socket, Message::Blocks { request, bodies });
            self.pause(socket, pause);
        }
    }

    /// Mines on in secret, and names the new tip to everybody.
    pub(super) fn extend_secret(&mut self, node: usize) {
        let store = &self.nodes[node].store;
        let tip = store.tip();
        let clock = self.nodes[node].clock(self.clock.now);
        let mut secret = self.script(node).secret.unwrap_or(GENESIS);
        if self.world.arena.work(secret) <= self.world.arena.work(tip) {
            let fork = self.world.arena.height(tip).saturating_sub(AHEAD) as u64;
            secret = self.nodes[node].store.at(fork).unwrap_or(GENESIS);
            for index in 0..2 * AHEAD {
                secret = self.world.arena.mine(secret, vec![format!("{node}-{index}")], clock);
            }
        }
        secret = self.world.arena.mine(secret, Vec::new(), clock);
        self.name(node, secret);
    }

    /// Mines a block whose time has not come.
    pub(super) fn mine_ahead(&mut self, node: usize) {
        if self.world.is_calm {
            return;
        }
        let clock = self.nodes[node].clock(self.clock.now);
        let tip = self.nodes[node].store.tip();
        let secret = self
            .script(node)
            .secret
            .filter(|&id| self.world.arena.work(id) > self.world.arena.work(tip));
        let secret = secret.unwrap_or_else(|| {
            self.world.arena.mine(tip, Vec::new(), clock.plus_millis(FUTURE_MILLIS))
        });
        // Its time has come, or will have when anybody takes its header.
        self.name(node, secret);
    }

    fn name(&mut self, node: usize, secret: Id) {
        self.script(node).secret = Some(secret);
        let header = *self.world.arena.header(secret);
        for socket in self.sockets(node) {
            self.transmit(socket, Message::Announce(header));
        }
    }
}

/// A body that says to have two million records.
fn lying() -> Body {
    Body::encoded([vec![0x80, 0x80, 0x80, 1], vec![0; 1_000]].concat())
}

/// A body that does not decode: it says that more records follow than there are.
fn torn() -> Body {
    let body = Body::of(&["x".to_owned(), String::new()]).unwrap();
    let mut frame = Message::Blocks { request: 0, bodies: vec![body] }.encode().unwrap();
    // Kind, request, number of bodies, length of the body, number of records.
    frame[4] = 9;
    match Message::decode(&frame) {
        Ok(Message::Blocks { mut bodies, .. }) => bodies.remove(0),
        other => panic!("{other:?}"),
    }
}

/// The headers of a chain above a locator.
fn above(arena: &Arena, chain: &[Id], locator: &[(Height, Hash)]) -> Vec<Header> {
    let shared = locator.iter().find_map(|(height, hash)| {
        let place = usize::try_from(height.get()).ok()?;
        let id = chain.get(place)?;
        (arena.state(*id).hash() == *hash).then_some(place)
    });
    let rest = chain.iter().skip(shared.unwrap_or(0) + 1).take(MAX_HEADERS);
    rest.map(|&id| *arena.header(id)).collect()
}

/// The next headers of a flood, which starts above genesis.
fn flooded(flood: &[Header], locator: &[(Height, Hash)]) -> Vec<Header> {
    let shared = locator.iter().find_map(|(height, hash)| {
        let next = flood.get(usize::try_from(height.get()).ok()?)?;
        (next.previous_hash == *hash).then(|| usize::try_from(height.get()).ok())?
    });
    flood.iter().skip(shared.unwrap_or(0)).take(MAX_HEADERS).copied().collect()
}

/// Headers on top of genesis that follow every rule.
pub(super) fn flood(arena: &Arena) -> Headers {
    Headers::above(arena.spec(), arena.state(GENESIS).clone(), Vec::new(), MILLI)
}
