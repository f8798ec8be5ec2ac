//! Nobody has more spent in vain than a part of the time, in whatever order links come and go.

use proptest::prelude::*;

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

const HOME: Source = Source::Prefix(Prefix::V6(1));

fn source(number: u64) -> Source {
    Source::Prefix(Prefix::V6(number.into()))
}

/// What one link owes that spends this much at each of its turns, and the time that passes.
fn rests(ledger: &mut Ledger, link: u64, spent: Duration, times: u32) -> Duration {
    let start = Instant::now();
    let mut now = start;
    for _ in 0..times {
        now = ledger.spend(HOME, link, spent, now).max(now);
    }
    now - start
}

#[test]
fn what_is_of_no_use_costs_a_link_three_percent_of_a_core() {
    for (micros, times) in [(20, 10_000), (2_000, 1_000), (100_000, 100)] {
        let mut ledger = Ledger::default();
        ledger.open(HOME, 0, Instant::now());
        let spent = Duration::from_micros(micros);
        let rested = rests(&mut ledger, 0, spent, times);
        let owed = spent * times * FACTOR;
        assert!(rested + MAX_DEBT >= owed && rested <= owed, "{micros}: {rested:?} of {owed:?}");
    }
}

#[test]
fn a_flood_of_frames_wakes_the_node_fifty_times_a_second() {
    let (mut ledger, start) = (Ledger::default(), Instant::now());
    ledger.open(HOME, 0, start);
    let (mut now, mut wakes) = (start, 0);
    for _ in 0..10_000 {
        let resume = ledger.spend(HOME, 0, Duration::from_micros(20), now);
        wakes += u32::from(resume > now);
        now = now.max(resume);
    }
    assert!(wakes > 0 && 20 * MILLISECOND * wakes <= now - start, "{wakes} in {:?}", now - start);
}

#[test]
fn an_expensive_message_is_not_rested_for_at_once() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.open(HOME, 0, now);
    assert_eq!(ledger.spend(HOME, 0, Duration::from_micros(30), now), now, "too little");
    assert_eq!(ledger.spend(HOME, 0, 15 * MILLISECOND, now) - now, Duration::from_micros(465_930));
    assert_eq!(ledger.spend(HOME, 0, Duration::from_secs(9), now) - now, MAX_DEBT / 4);
}

#[test]
fn links_of_one_source_that_owe_pay_in_turn_and_others_do_not_notice() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    let stranger = source(2);
    for (source, link) in [(HOME, 0), (HOME, 1), (HOME, 2), (stranger, 3), (Source::Dialled(4), 4)]
    {
        ledger.open(source, link, now);
    }
    let rest =
        |ledger: &mut Ledger, source, link| ledger.spend(source, link, MILLISECOND, now) - now;
    assert_eq!(rest(&mut ledger, HOME, 0), 31 * MILLISECOND);
    assert_eq!(rest(&mut ledger, HOME, 1), 62 * MILLISECOND);
    assert_eq!(rest(&mut ledger, HOME, 2), 93 * MILLISECOND);
    assert_eq!(rest(&mut ledger, stranger, 3), 31 * MILLISECOND);
    assert_eq!(rest(&mut ledger, Source::Dialled(4), 4), 31 * MILLISECOND);
}

#[test]
fn what_a_link_leaves_unpaid_is_waited_for_by_the_next_ones_of_its_source() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    for link in 0..19 {
        assert_eq!(ledger.wait(HOME, now), Duration::ZERO, "link {link}");
        ledger.set_up(HOME, now);
        ledger.open(HOME, link, now);
        ledger.spend(HOME, link, 15 * MILLISECOND, now);
        ledger.close(HOME, link, MILLISECOND, now);
    }
    // Each left 465 ms unpaid, 31 ms that served it in vain, and 31 ms of its set-up.
    assert_eq!(ledger.wait(HOME, now) + ALLOWANCE, Duration::from_millis(19 * 527));
    assert_eq!(ledger.wait(source(2), now), Duration::ZERO);
    let later = now + Duration::from_millis(19 * 527 + 31);
    assert_eq!(ledger.wait(HOME, later), Duration::ZERO, "it is paid by waiting");
}

#[test]
fn connections_alone_are_let_in_at_once_only_so_often() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    let mut at_once = 0;
    while ledger.wait(HOME, now).is_zero() {
        ledger.set_up(HOME, now);
        at_once += 1;
    }
    assert_eq!(at_once, 323);
    assert_eq!(ledger.wait(HOME, now) + ALLOWANCE, Duration::from_millis(323 * 31));
    for _ in 0..10_000 {
        ledger.set_up(HOME, now);
    }
    assert_eq!(ledger.wait(HOME, now) + ALLOWANCE, MAX_DEBT);
}

#[test]
fn the_source_used_longest_ago_is_forgotten_and_none_with_a_link() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    let second = Duration::from_secs(1);
    ledger.open(source(0), 0, now);
    for number in 1..=MAX_DEBTORS as u64 {
        ledger.set_up(source(number), now + MILLISECOND * u32::try_from(number).unwrap() / 100);
    }
    assert_eq!(ledger.sources.len(), MAX_DEBTORS);
    assert!(ledger.sources.contains_key(&source(0)) && !ledger.sources.contains_key(&source(1)));
    // Those that owe nothing any more go together.
    ledger.set_up(source(9_999), now + second);
    assert_eq!(ledger.sources.len(), 2);
    ledger.open(Source::Dialled(7), 7, now);
    ledger.close(Source::Dialled(7), 7, Duration::ZERO, now);
    assert_eq!(ledger.sources.len(), 2, "a link that was dialled leaves nothing");
}

proptest! {
    /// One who obeys every rest and wait, on up to four links, in whatever order: the time it takes
    /// is what the rule says, less what need not be waited for.
    #[test]
    fn nothing_is_had_for_less_by_reconnecting(
        turns in prop::collection::vec((0_usize..4, 0_u32..3_000, 0_u32..4), 1..2_000),
    ) {
        let (mut ledger, start) = (Ledger::default(), Instant::now());
        let (mut now, mut next, mut spent) = (start, 0, Duration::ZERO);
        let mut links: [Option<(u64, Instant)>; 4] = [None; 4];
        for (place, micros, kind) in turns {
            let cost = Duration::from_micros(micros.into());
            match links[place] {
                None => {
                    now += ledger.wait(HOME, now);
                    ledger.set_up(HOME, now);
                    spent += SET_UP;
                    ledger.open(HOME, next, now);
                    links[place] = Some((next, now));
                    next += 1;
                }
                Some((link, _)) if kind == 0 => {
                    ledger.close(HOME, link, cost, now);
                    spent += cost;
                    links[place] = None;
                }
                Some((link, resume)) => {
                    now = now.max(resume);
                    links[place] = Some((link, ledger.spend(HOME, link, cost, now)));
                    spent += cost;
                }
            }
        }
        // What may be owed at the end: the allowance, and what the links and the last one to leave
        // had: a link rests for the whole of what such costs make.
        let owed = ALLOWANCE + 8 * 4 * FACTOR * 3 * MILLISECOND;
        prop_assert!(spent * FACTOR / 2 <= (now - start) + owed, "{spent:?} in {:?}", now - start);
    }
}
