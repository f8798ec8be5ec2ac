//! What links are told, asked and given, by themselves and with hostile peers.

use std::collections::VecDeque;
use std::time::Duration;

use super::*;
use crate::chain::{BlockId, Height, Timestamp, leaf_hash};
use crate::sync::binary::UNASKED;
use crate::sync::binary::limits::{
    MAX_HEARD_IDS, MAX_QUEUED_RECORDS, MAX_WANTED_RECORDS, RECORDS_WITHIN,
};
use crate::sync::step::Ours;
use crate::sync::{BinaryOutgoing, Outgoing, RecordPlace};

mod hostile;

const A: LinkId = LinkId(1);
const B: LinkId = LinkId(2);
const C: LinkId = LinkId(3);

fn id(text: &str) -> Hash {
    leaf_hash(text.as_bytes())
}

fn ids(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| id(text)).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// What a peer sees.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Said {
    /// It is told of records.
    Ids(LinkId, Vec<Hash>),
    /// It is asked for records.
    Get(LinkId, Vec<Hash>),
    /// It is given records.
    Give(LinkId, Vec<Hash>),
}

/// A relay with a pool beside it that does at once what is wanted.
struct Bench {
    relay: Relay,
    now: Time,
    /// Records that wait here, in order of arrival, and whether they are own ones.
    pool: Vec<(Hash, bool)>,
    /// Ids that were looked for.
    looked: usize,
    /// Links on which this node said that it exchanges records.
    begun: Vec<LinkId>,
}

impl Bench {
    fn new() -> Self {
        let now = Time(Duration::from_secs(1_000));
        Self { relay: Relay::new(true, 64), now, pool: Vec::new(), looked: 0, begun: Vec::new() }
    }

    /// With these links, that records are relayed on.
    fn linked(links: &[LinkId]) -> Self {
        let mut bench = Self::new();
        for link in links {
            bench.link(*link);
        }
        bench
    }

    /// Both ends exchange records.
    fn link(&mut self, link: LinkId) -> Vec<Said> {
        let mut said = self.act(|relay, step| relay.on_able(step, link));
        said.extend(self.tell(RelayInput::Allowed { link }));
        said.extend(self.hears(link, Message::RecordIds(Vec::new())).unwrap());
        said
    }

    fn tell(&mut self, input: RelayInput) -> Vec<Said> {
        let now = self.now;
        self.act(|relay, step| {
            debug_assert_eq!(step.now, now);
            relay.handle(step, input);
        })
    }

    fn hears(&mut self, link: LinkId, message: Message) -> Result<Vec<Said>, Offence> {
        let mut heard = Ok(());
        let said = self.act(|relay, step| heard = relay.on_message(step, link, message));
        if heard.is_err() {
            self.close(link);
        }
        heard.map(|()| said)
    }

    fn close(&mut self, link: LinkId) -> Vec<Said> {
        self.act(|relay, _| relay.on_closed(link))
    }

    /// Own records enter the pool.
    fn submit(&mut self, texts: &[&str]) -> Vec<Said> {
        self.pool.extend(ids(texts).into_iter().map(|id| (id, true)));
        self.tell(RelayInput::PoolChanged)
    }

    /// Lets time pass; the relay is woken whenever it asks to be.
    fn wait(&mut self, time: Duration) -> Vec<Said> {
        let end = self.now.plus(time);
        let mut said = Vec::new();
        let mut wakes = 0;
        loop {
            let now = self.now;
            let next = self.relay.deadlines().filter(|due| *due > now).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            wakes += 1;
            assert!(wakes < 20_000, "it asks to be woken again and again");
            self.now = next;
            said.extend(self.act(|relay, step| relay.on_time(step.now)));
        }
        self.now = end;
        said
    }

    /// Does something, and then what is wanted of the pool. The sockets take everything at once.
    fn act(&mut self, act: impl FnOnce(&mut Relay, &mut Step<'_>)) -> Vec<Said> {
        let mut said = Vec::new();
        let mut out = Vec::new();
        let mut step = step_at(self.now, &mut out);
        act(&mut self.relay, &mut step);
        self.relay.go_on(&mut step);
        let mut waiting = VecDeque::from(out);
        while let Some(output) = waiting.pop_front() {
            let input = match output {
                Output::Relay { link, what } => self.pool_does(link, what),
                Output::Send { link, what: Outgoing::Binary(what) } => match what {
                    BinaryOutgoing::RecordIds(ids) => {
                        if ids.is_empty() {
                            self.begun.push(link);
                        } else {
                            said.push(Said::Ids(link, ids));
                        }
                        RelayInput::IdsSent { link }
                    }
                    BinaryOutgoing::Records(ids) => {
                        let bytes = ids.len() * 64;
                        said.push(Said::Give(link, ids));
                        RelayInput::RecordsSent { link, bytes }
                    }
                    BinaryOutgoing::Message(message) => {
                        let Message::GetRecords(ids) = *message else { panic!("{message:?}") };
                        said.push(Said::Get(link, ids));
                        continue;
                    }
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            };
            let mut out = Vec::new();
            let mut step = step_at(self.now, &mut out);
            self.relay.handle(&mut step, input);
            self.relay.go_on(&mut step);
            waiting.extend(out);
        }
        self.check();
        said
    }

    fn pool_does(&mut self, link: LinkId, what: RelayOutput) -> RelayInput {
        match what {
            RelayOutput::ReadPool { after, own_only, max } => {
                let start = after.map_or(0, |place| usize::try_from(place.batch).unwrap() + 1);
                let behind = self.pool.iter().enumerate().skip(start);
                let waiting = behind.filter(|(_, (_, is_own))| *is_own || !own_only);
                let read: Vec<_> = waiting.take(max).map(|(at, (id, _))| (at, *id)).collect();
                let is_end = read.len() < max;
                let last = if is_end {
                    self.pool.len().checked_sub(1)
                } else {
                    read.last().map(|(at, _)| *at)
                };
                let next = last.map(|at| RecordPlace { batch: at as u64, index: 0 });
                let ids = read.into_iter().map(|(_, id)| id).collect();
                RelayInput::PoolRead { link, ids, next: next.or(after), is_end }
            }
            RelayOutput::FindUnknown { mut ids } => {
                self.looked += ids.len();
                ids.retain(|id| self.pool.iter().all(|(held, _)| held != id));
                RelayInput::Unknown { link, ids }
            }
            RelayOutput::Take { records } => {
                for (id, text) in records {
                    assert_eq!(id, leaf_hash(text.as_bytes()));
                    if self.pool.iter().all(|(held, _)| *held != id) {
                        self.pool.push((id, false));
                    }
                }
                RelayInput::Taken { link }
            }
        }
    }

    /// Everything is bounded, and each record is wanted of one link.
    fn check(&self) {
        assert!(self.relay.wanted.len() <= MAX_WANTED_RECORDS);
        for (link, its) in &self.relay.links {
            let asking = &its.asking;
            assert!(
                asking.heard.len() <= MAX_HEARD_IDS && asking.queue.len() <= MAX_QUEUED_RECORDS
            );
            let asked = asking.asked.iter().filter(|asked| !asked.is_late);
            let asked = asked.flat_map(|asked| &asked.ids);
            for id in asking.queue.iter().chain(asked) {
                assert_eq!(self.relay.wanted.get(id).map(|wanted| wanted.of), Some(*link), "{id}");
            }
        }
        for (id, wanted) in &self.relay.wanted {
            let asking = &self.relay.links[&wanted.of].asking;
            let asked = asking.asked.as_ref().filter(|asked| !asked.is_late);
            let is_there = asking.queue.contains(id)
                || asked.is_some_and(|asked| asked.ids.contains(id))
                || asking.taking.contains(id);
            assert!(is_there, "{id} is wanted and nowhere");
        }
    }

    fn holds(&self, text: &str) -> bool {
        self.pool.iter().any(|(held, _)| *held == id(text))
    }
}

fn step_at(now: Time, out: &mut Vec<Output>) -> Step<'_> {
    let tip = BlockId { height: Height::GENESIS, hash: Hash::ZERO };
    let ours = Ours { tip, json_bytes: 0, max_bytes: 0 };
    Step { now, clock: Timestamp::default(), ours, out }
}

#[test]
fn nothing_is_said_on_a_link_that_is_not_allowed_or_whose_peer_does_not_take_it() {
    let mut bench = Bench::new();
    bench.tell(RelayInput::Allowed { link: A });
    bench.act(|relay, step| relay.on_able(step, B));
    assert_eq!(bench.submit(&["a"]), []);
    for link in [A, B] {
        assert_eq!(bench.hears(link, Message::RecordIds(ids(&["x"]))), Ok(Vec::new()));
        assert_eq!(bench.hears(link, Message::GetRecords(ids(&["a"]))), Ok(Vec::new()));
    }
    assert_eq!(bench.wait(Duration::from_secs(3_600)), []);
    assert_eq!(bench.begun, []);
    assert_eq!(bench.link(A), [Said::Ids(A, ids(&["a"]))]);
}

#[test]
fn each_end_says_that_it_exchanges_records_before_the_other_tells_of_any() {
    let mut first = Bench::new();
    first.act(|relay, step| relay.on_able(step, A));
    first.submit(&["a"]);
    assert_eq!(first.tell(RelayInput::Allowed { link: A }), []);
    assert_eq!(first.begun, [A]);
    let willing = first.hears(A, Message::RecordIds(Vec::new()));
    assert_eq!(willing, Ok(vec![Said::Ids(A, ids(&["a"]))]));
    let mut second = Bench::new();
    second.act(|relay, step| relay.on_able(step, A));
    second.submit(&["b"]);
    assert_eq!(second.hears(A, Message::RecordIds(Vec::new())), Ok(Vec::new()));
    assert_eq!(second.tell(RelayInput::Allowed { link: A }), [Said::Ids(A, ids(&["b"]))]);
    assert_eq!(second.begun, [A]);
}

#[test]
fn a_relay_that_is_off_takes_no_message() {
    let mut bench = Bench::new();
    bench.relay = Relay::new(false, 64);
    bench.act(|relay, step| relay.on_able(step, A));
    assert_eq!(bench.tell(RelayInput::Allowed { link: A }), []);
    assert_eq!(bench.begun, []);
    let heard = bench.hears(A, Message::RecordIds(ids(&["x"])));
    assert_eq!(heard, Err(Offence::Fault(NOT_ANNOUNCED)));
}

#[test]
fn a_new_link_is_told_of_own_records_and_then_of_all_that_come() {
    let mut bench = Bench::new();
    bench.pool = vec![(id("own"), true), (id("relayed"), false)];
    assert_eq!(bench.link(A), [Said::Ids(A, ids(&["own"]))]);
    assert_eq!(bench.submit(&["b", "c"]), [Said::Ids(A, ids(&["b", "c"]))]);
    bench.pool.push((id("relayed too"), false));
    assert_eq!(bench.tell(RelayInput::PoolChanged), [Said::Ids(A, ids(&["relayed too"]))]);
    assert_eq!(bench.tell(RelayInput::PoolChanged), []);
}

#[test]
fn own_records_are_told_of_every_ten_minutes_and_after_a_reorg() {
    let mut bench = Bench::linked(&[A]);
    bench.submit(&["a"]);
    bench.pool.push((id("relayed"), false));
    bench.tell(RelayInput::PoolChanged);
    assert_eq!(bench.wait(Duration::from_secs(599)), []);
    assert_eq!(bench.wait(Duration::from_secs(1)), [Said::Ids(A, ids(&["a"]))]);
    assert_eq!(bench.act(|relay, _| relay.on_reorg()), [Said::Ids(A, ids(&["a"]))]);
}

#[test]
fn what_a_peer_told_of_is_asked_of_it_and_relayed_to_others_alone() {
    let mut bench = Bench::linked(&[A, B]);
    let asked = bench.hears(A, Message::RecordIds(ids(&["x", "y"])));
    assert_eq!(asked, Ok(vec![Said::Get(A, ids(&["x", "y"]))]));
    assert_eq!(bench.hears(A, Message::Records(texts(&["x", "y"]))), Ok(Vec::new()));
    assert_eq!(bench.tell(RelayInput::PoolChanged), [Said::Ids(B, ids(&["x", "y"]))]);
    assert_eq!(bench.hears(B, Message::RecordIds(ids(&["x"]))), Ok(Vec::new()), "it is held");
}

#[test]
fn a_record_is_asked_of_one_link_at_a_time_and_of_another_when_that_does_not_send_it() {
    let mut bench = Bench::linked(&[A, B, C]);
    let told = Message::RecordIds(ids(&["x", "y"]));
    assert_eq!(bench.hears(A, told.clone()), Ok(vec![Said::Get(A, ids(&["x", "y"]))]));
    assert_eq!(bench.hears(B, told.clone()), Ok(Vec::new()));
    assert_eq!(bench.hears(C, told), Ok(Vec::new()));
    assert_eq!(bench.wait(RECORDS_WITHIN), [Said::Get(B, ids(&["x", "y"]))]);
    let lacking = bench.hears(B, Message::Records(texts(&["y"])));
    assert_eq!(lacking, Ok(vec![Said::Get(C, ids(&["x"]))]));
    assert_eq!(bench.close(C), []);
    assert!(bench.holds("y") && bench.relay.wanted.is_empty());
    let late = bench.hears(A, Message::Records(texts(&["x", "y"])));
    assert_eq!(late, Ok(Vec::new()), "a late response is taken");
    assert!(bench.holds("x"));
}

#[test]
fn a_late_link_is_asked_for_nothing_until_it_responds() {
    let mut bench = Bench::linked(&[A]);
    bench.hears(A, Message::RecordIds(ids(&["x"]))).unwrap();
    bench.wait(RECORDS_WITHIN);
    assert_eq!(bench.hears(A, Message::RecordIds(ids(&["y"]))), Ok(Vec::new()));
    assert_eq!(bench.hears(A, Message::Records(Vec::new())), Ok(Vec::new()));
    let asked = bench.hears(A, Message::RecordIds(ids(&["y"])));
    assert_eq!(asked, Ok(vec![Said::Get(A, ids(&["y"]))]));
}

#[test]
fn what_did_not_fit_into_a_response_is_asked_for_again_and_what_is_missing_is_not() {
    let mut bench = Bench::linked(&[A]);
    bench.hears(A, Message::RecordIds(ids(&["a", "b", "c", "d"]))).unwrap();
    let rest = bench.hears(A, Message::Records(texts(&["b"])));
    assert_eq!(rest, Ok(vec![Said::Get(A, ids(&["c", "d"]))]));
    assert_eq!(bench.hears(A, Message::Records(Vec::new())), Ok(Vec::new()));
    assert!(bench.relay.wanted.is_empty());
}

#[test]
fn a_wrong_response_is_a_fault_and_others_are_asked() {
    let long = "x".repeat(65);
    let wrong: [(&[&str], _); 4] = [
        (&["z"], "a record that was not asked for"),
        (&["x", "x"], "a record that was not asked for"),
        (&["y", "x"], "a record that was not asked for"),
        (&[&long], "a record that no block may hold"),
    ];
    for (response, reason) in wrong {
        let mut bench = Bench::linked(&[A, B]);
        bench.hears(A, Message::RecordIds(ids(&["x", "y"]))).unwrap();
        bench.hears(B, Message::RecordIds(ids(&["x", "y"]))).unwrap();
        let heard = bench.hears(A, Message::Records(texts(response)));
        assert_eq!(heard, Err(Offence::Fault(reason)), "{response:?}");
        assert!(bench.pool.is_empty(), "{response:?}");
        assert_eq!(bench.relay.links[&B].asking.asked.as_ref().unwrap().ids, ids(&["x", "y"]));
    }
}

#[test]
fn what_nobody_asked_for_and_what_names_nothing_is_a_fault() {
    let messages =
        [(Message::Records(Vec::new()), UNASKED), (Message::GetRecords(Vec::new()), NO_IDS)];
    for (message, reason) in messages {
        let mut bench = Bench::linked(&[A]);
        assert_eq!(bench.hears(A, message), Err(Offence::Fault(reason)));
    }
}

#[test]
fn one_request_of_a_peer_is_served_at_a_time_and_no_more_than_its_rate() {
    let mut bench = Bench::linked(&[A]);
    let request = Message::GetRecords(ids(&["x"]));
    assert_eq!(bench.hears(A, request.clone()), Ok(vec![Said::Give(A, ids(&["x"]))]));
    // The socket takes 16 MiB, which is 33 s at the rate of a link, beyond the burst of 8 s.
    bench.tell(RelayInput::RecordsSent { link: A, bytes: 16 << 20 });
    assert_eq!(bench.hears(A, request.clone()), Ok(Vec::new()));
    assert_eq!(bench.wait(Duration::from_secs(25)), []);
    assert_eq!(bench.wait(Duration::from_secs(1)), [Said::Give(A, ids(&["x"]))]);
    bench.tell(RelayInput::RecordsSent { link: A, bytes: 16 << 20 });
    bench.hears(A, request.clone()).unwrap();
    assert_eq!(bench.hears(A, request), Err(Offence::TooMuch));
}
