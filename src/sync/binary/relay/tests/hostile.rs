//! Peers that flood, never respond, respond wrongly, and repeat themselves.

use proptest::prelude::*;

use super::*;
use crate::sync::binary::limits::{ALL_IDS_BURST, IDS_BURST};

/// Ids that no record has, as far as anybody knows.
fn made_up(start: u64, count: u64) -> Vec<Hash> {
    (start..start + count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

#[test]
fn a_flood_of_ids_costs_no_more_than_the_rate_of_its_link() {
    let mut bench = Bench::linked(&[A]);
    for round in 0..100 {
        bench.hears(A, Message::RecordIds(made_up(round * 1_024, 1_024))).unwrap();
    }
    let burst = IDS_BURST as usize;
    assert_eq!(bench.looked, burst);
    bench.wait(Duration::from_secs(4));
    let more = bench.looked - burst;
    assert!((1_870..=2_000).contains(&more), "{more} in 4 s");
}

#[test]
fn links_share_what_all_may_tell_of_in_turn() {
    let links: Vec<_> = (1..=4).map(LinkId).collect();
    let mut bench = Bench::linked(&links);
    for (number, link) in (0..).zip(&links) {
        for part in 0..4 {
            let start = number * 1_000_000 + part * 1_024;
            bench.hears(*link, Message::RecordIds(made_up(start, 1_024))).unwrap();
        }
    }
    assert_eq!(bench.looked, ALL_IDS_BURST as usize);
    bench.wait(Duration::from_secs(4));
    assert!((12_000..=12_192).contains(&bench.looked), "{} after 4 s", bench.looked);
}

#[test]
fn a_peer_that_never_responds_delays_a_record_by_one_timeout() {
    let mut bench = Bench::linked(&[A, B]);
    bench.hears(A, Message::RecordIds(ids(&["x"]))).unwrap();
    bench.hears(B, Message::RecordIds(ids(&["x"]))).unwrap();
    assert_eq!(bench.wait(RECORDS_WITHIN), [Said::Get(B, ids(&["x"]))]);
    bench.hears(A, Message::RecordIds(ids(&["y"]))).unwrap();
    bench.hears(B, Message::Records(texts(&["x"]))).unwrap();
    let asked = bench.hears(B, Message::RecordIds(ids(&["y"])));
    assert_eq!(asked, Ok(vec![Said::Get(B, ids(&["y"]))]), "A is not asked again");
}

#[test]
fn an_announcement_that_is_repeated_is_asked_for_once() {
    let mut bench = Bench::linked(&[A]);
    let told = Message::RecordIds(ids(&["x", "x"]));
    assert_eq!(bench.hears(A, told.clone()), Ok(vec![Said::Get(A, ids(&["x"]))]));
    for _ in 0..10 {
        assert_eq!(bench.hears(A, told.clone()), Ok(Vec::new()));
    }
}

/// One thing that a hostile peer may do, or that happens meanwhile.
#[derive(Clone, Debug)]
enum Event {
    Tells(LinkId, Vec<u8>),
    /// Perhaps with records that it was asked for.
    Responds(LinkId, Vec<u8>),
    Asks(LinkId, Vec<u8>),
    Closes(LinkId),
    Opens(LinkId),
    Submits(u8),
    Waits(u64),
    Reorgs,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let link = || (1_u64..4).prop_map(LinkId);
    let numbers = || proptest::collection::vec(0_u8..24, 0..6);
    let event = prop_oneof![
        6 => (link(), numbers()).prop_map(|(link, numbers)| Event::Tells(link, numbers)),
        6 => (link(), numbers()).prop_map(|(link, numbers)| Event::Responds(link, numbers)),
        1 => (link(), numbers()).prop_map(|(link, numbers)| Event::Asks(link, numbers)),
        1 => link().prop_map(Event::Closes),
        2 => link().prop_map(Event::Opens),
        1 => (0_u8..24).prop_map(Event::Submits),
        3 => (0_u64..15_000).prop_map(Event::Waits),
        1 => Just(Event::Reorgs),
    ];
    proptest::collection::vec(event, 1..60)
}

/// Of odd numbers there are ids alone.
fn numbered(numbers: &[u8]) -> Vec<Hash> {
    numbers.iter().map(|number| id(&number.to_string())).collect()
}

fn play(bench: &mut Bench, event: Event) {
    match event {
        Event::Tells(link, numbers) => {
            let _ = bench.hears(link, Message::RecordIds(numbered(&numbers)));
        }
        Event::Responds(link, numbers) => {
            let sent = numbers.iter().map(|number| (number / 2 * 2).to_string());
            let _ = bench.hears(link, Message::Records(sent.collect()));
        }
        Event::Asks(link, numbers) => {
            let _ = bench.hears(link, Message::GetRecords(numbered(&numbers)));
        }
        Event::Closes(link) => drop(bench.close(link)),
        Event::Opens(link) => drop(bench.link(link)),
        Event::Submits(number) => {
            if !bench.holds(&number.to_string()) {
                bench.submit(&[&number.to_string()]);
            }
        }
        Event::Waits(millis) => drop(bench.wait(Duration::from_millis(millis))),
        Event::Reorgs => drop(bench.act(|relay, _| relay.on_reorg())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_peers_do_an_honest_one_gets_its_records_across(events in events()) {
        let mut bench = Bench::linked(&[A, B, C]);
        for event in events {
            play(&mut bench, event);
        }
        let honest = LinkId(9);
        bench.link(honest);
        let all: Vec<_> = (0..24).step_by(2).map(|number: u8| number.to_string()).collect();
        let told = Message::RecordIds(all.iter().map(|text| id(text)).collect());
        let mut said = bench.hears(honest, told).unwrap();
        // What the others were asked for comes to it once they did not respond.
        for _ in 0..8 {
            while let Some(next) = said.pop() {
                if let Said::Get(link, asked) = next && link == honest {
                    let text = |wanted: &Hash| all.iter().find(|text| id(text) == *wanted).cloned();
                    let held = asked.iter().filter_map(text).collect();
                    said.extend(bench.hears(honest, Message::Records(held)).unwrap());
                }
            }
            said.extend(bench.wait(RECORDS_WITHIN));
        }
        for text in &all {
            prop_assert!(bench.holds(text), "{} did not come across", text);
        }
    }
}
