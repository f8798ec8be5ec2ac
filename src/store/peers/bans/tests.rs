//! What is banned, for how long, and what of it is on disk.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;
use crate::store::BookEntry;
use crate::store::peers::layout::{PEER_BANNED, PEER_BANNED_BY_OPERATOR, encode_ban};
use crate::store::test_util::Home;

const NOW: Timestamp = Timestamp::from_millis(1_000);

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn ban_of(address: u32, until: u64) -> Ban {
    let address = IpAddr::from(Ipv4Addr::from_bits(address));
    Ban { address, until: at(until), reason: format!("until {until}"), by_operator: false }
}

fn put(bans: &Bans, ban: &Ban, now: Timestamp) {
    bans.write(&bans.add(ban, now).unwrap()).unwrap();
}

fn fresh() -> (Home, Bans) {
    let home = Home::new();
    let bans = home.open().reader.bans();
    (home, bans)
}

fn on_disk(bans: &Bans) -> usize {
    let count = |tag| bans.database.peers.scan_prefix(tag).count();
    count(PEER_BANNED) + count(PEER_BANNED_BY_OPERATOR)
}

fn six(address: &str, until: u64) -> Ban {
    Ban { address: address.parse().unwrap(), ..ban_of(1, until) }
}

#[test]
fn a_ban_lasts_until_its_end_and_across_openings() {
    let (home, opened) = Home::opened();
    let bans = opened.reader.bans();
    let ban = ban_of(0xc000_0201, 2_000);
    put(&bans, &ban, NOW);
    let mapped = IpAddr::from(Ipv4Addr::from_bits(0xc000_0201).to_ipv6_mapped());
    drop((opened, bans));
    let bans = home.open().reader.bans();
    for address in [ban.address, mapped] {
        assert!(bans.is_banned(address, at(1_999)));
        assert!(!bans.is_banned(address, at(2_000)));
    }
    assert_eq!(bans.entries(at(1_999)), [ban]);
    assert!(bans.entries(at(2_000)).is_empty());
}

#[test]
fn a_ban_counts_before_it_is_written() {
    let (_home, bans) = fresh();
    let ban = ban_of(1, 2_000);
    let unwritten = bans.add(&ban, NOW).unwrap();
    assert!(bans.is_banned(ban.address, NOW));
    assert_eq!(on_disk(&bans), 0);
    bans.write(&unwritten).unwrap();
    assert_eq!(on_disk(&bans), 1);
}

#[test]
fn loopback_is_never_banned_nor_is_anyone_for_a_time_that_is_over() {
    let (_home, bans) = fresh();
    let loopback = Ipv4Addr::new(127, 3, 2, 1);
    for address in [loopback.into(), loopback.to_ipv6_mapped().into(), Ipv6Addr::LOCALHOST.into()] {
        let ban = Ban { address, ..ban_of(1, 2_000) };
        assert!(bans.add(&ban, NOW).is_none() && !bans.is_banned(address, NOW));
    }
    assert!(bans.add(&ban_of(1, 1_000), NOW).is_none());
    assert!(bans.entries(at(0)).is_empty());
}

#[test]
fn the_later_end_of_two_bans_stays() {
    let (_home, bans) = fresh();
    for until in [3_000, 2_000, 4_000] {
        put(&bans, &ban_of(1, until), NOW);
    }
    assert_eq!(bans.entries(NOW), [ban_of(1, 4_000)]);
}

#[test]
fn bans_that_ended_are_removed_with_the_next_one() {
    let (_home, bans) = fresh();
    put(&bans, &ban_of(1, 2_000), NOW);
    put(&bans, &ban_of(2, 3_000), NOW);
    put(&bans, &ban_of(3, 4_000), at(2_500));
    assert_eq!(bans.entries(at(0)), [ban_of(2, 3_000), ban_of(3, 4_000)]);
    assert_eq!(on_disk(&bans), 2);
}

#[test]
fn a_new_ban_takes_the_place_of_the_one_that_ends_first() {
    let (home, opened) = Home::opened();
    let bans = opened.reader.bans();
    let max = u32::try_from(MAX_BANS).unwrap();
    let mut changed = Vec::new();
    for number in 0..max {
        let until = if number == 7 { 2_000 } else { 3_000 };
        changed.extend(bans.add(&ban_of(number, until), NOW).unwrap().0);
    }
    bans.write(&Unwritten(changed)).unwrap();
    put(&bans, &ban_of(max, 5_000), NOW);
    put(&bans, &ban_of(max, 6_000), NOW);
    drop((opened, bans));
    let bans = home.open().reader.bans();
    assert_eq!((bans.entries(NOW).len(), on_disk(&bans)), (MAX_BANS, MAX_BANS));
    assert!(!bans.is_banned(ban_of(7, 0).address, NOW));
    assert!(bans.is_banned(ban_of(max, 0).address, at(5_999)));
}

#[test]
fn writes_may_come_in_another_order_than_the_changes() {
    let (_home, bans) = fresh();
    let first = bans.add(&ban_of(1, 2_000), NOW).unwrap();
    // It takes the first ban, which has ended, away.
    let second = bans.add(&ban_of(2, 5_000), at(3_000)).unwrap();
    bans.write(&second).unwrap();
    bans.write(&first).unwrap();
    assert_eq!(on_disk(&bans), 1);
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let (_home, bans) = fresh();
    put(&bans, &Ban { reason: "é".repeat(100).replacen('é', "e", 1), ..ban_of(1, 2_000) }, NOW);
    let reason = bans.entries(NOW).remove(0).reason;
    assert_eq!(reason.len(), MAX_BAN_REASON - 1);
}

#[test]
fn bans_and_the_book_do_not_see_each_other() {
    let (home, opened) = Home::opened();
    let known = BookEntry {
        address: "ws://192.0.2.1:7545".to_owned(),
        last_success: 1,
        failures: 0,
        learned: false,
    };
    opened.reader.book().put(&known).unwrap();
    put(&opened.reader.bans(), &ban_of(1, 2_000), NOW);
    drop(opened);
    let reader = home.open().reader;
    assert_eq!(reader.book().entries().unwrap(), [known]);
    assert_eq!(reader.bans().entries(NOW), [ban_of(1, 2_000)]);
}

#[test]
fn a_ban_that_does_not_decode_is_damage() {
    let (home, opened) = Home::opened();
    opened.writer.database.peers.insert(b"b", &[0; 8]).unwrap();
    drop(opened);
    let opened = crate::store::open(home.directory.path(), &home.options, &mut |_| ());
    assert!(matches!(opened, Err(StoreError::Damaged { .. })));
}

#[test]
fn a_ban_made_in_a_wrong_future_ends_a_day_after_the_clock_was_put_right() {
    let (home, opened) = Home::opened();
    let bans = opened.reader.bans();
    let day = u64::try_from(MAX_BAN.as_millis()).unwrap();
    let (ahead, right) = (at(400 * day), at(day));
    put(&bans, &ban_of(1, 401 * day), ahead);
    put(&bans, &ban_of(2, day + 5), right);
    let unwritten = bans.shorten(right).expect("the first one is longer than a day");
    assert!(bans.shorten(right).is_none(), "once is enough");
    bans.write(&unwritten).unwrap();
    drop((opened, bans));
    let ends: Vec<_> =
        home.open().reader.bans().entries(right).into_iter().map(|ban| ban.until).collect();
    assert_eq!(ends, [at(2 * day), at(day + 5)]);
}

#[test]
fn no_ban_is_made_for_more_than_a_day() {
    let (_home, bans) = fresh();
    put(&bans, &ban_of(1, u64::MAX), NOW);
    assert_eq!(bans.entries(NOW)[0].until, latest_end(NOW));
}

#[test]
fn an_ipv6_address_is_banned_with_its_whole_64() {
    let (_home, bans) = fresh();
    put(&bans, &six("2001:db8:1::1", 2_000), NOW);
    let is_banned = |address: &str| bans.is_banned(address.parse().unwrap(), NOW);
    assert!(is_banned("2001:db8:1::1") && is_banned("2001:db8:1::ffff:2"));
    assert!(!is_banned("2001:db8:1:1::1"));
    put(&bans, &six("2001:db8:1::2", 3_000), NOW);
    let subjects: Vec<_> = bans.entries(NOW).iter().map(Ban::subject).collect();
    assert_eq!(subjects, ["2001:db8:1::/64"]);
    assert_eq!((bans.entries(NOW)[0].until, on_disk(&bans)), (at(3_000), 1));
    assert!(bans.remove("2001:db8:1::77".parse().unwrap(), NOW).is_some());
    assert!(!is_banned("2001:db8:1::1"));
    // Its own /64 bans no loopback address.
    put(&bans, &six("::2", 3_000), NOW);
    assert!(!is_banned("::1"));
}

#[test]
fn bans_of_single_ipv6_addresses_count_as_their_64_and_are_written_so() {
    let (home, opened) = Home::opened();
    let old = ["2001:db8:1::1", "2001:db8:1::2", "2001:db8:2::1"];
    for (address, until) in old.into_iter().zip([4_000, 3_000, 2_000]) {
        let (key, value) = encode_ban(&six(address, until));
        opened.writer.database.peers.insert(key, value).unwrap();
    }
    drop(opened);
    for writes in [true, false] {
        let opened = home.open();
        let bans = opened.reader.bans();
        let found: Vec<_> =
            bans.entries(NOW).iter().map(|ban| (ban.address.to_string(), ban.until)).collect();
        assert!(found.contains(&("2001:db8:1::".to_owned(), at(4_000))), "{found:?}");
        assert!(found.contains(&("2001:db8:2::".to_owned(), at(2_000))), "{found:?}");
        if writes {
            put(&bans, &ban_of(1, 2_000), NOW);
        }
        assert_eq!(on_disk(&bans), 3);
    }
}

#[test]
fn a_flood_of_faults_from_one_network_leaves_the_bans_of_others() {
    let (_home, bans) = fresh();
    let others = [ban_of(0xc000_0201, 1_500), six("2001:db8:1::", 1_600)];
    for ban in &others {
        assert!(bans.add(ban, NOW).is_some());
    }
    for number in 0..3_000_u32 {
        let (four, six) = (0x0a01_0000 + number, format!("2001:db9:{number:x}::"));
        let flood = if number % 2 == 0 { ban_of(four, 3_000) } else { self::six(&six, 3_000) };
        assert!(bans.add(&flood, NOW).is_some());
        assert!(bans.is_banned(flood.address, NOW), "the newest counts");
    }
    assert_eq!(bans.entries(NOW).len(), MAX_BANS);
    assert!(others.iter().all(|ban| bans.is_banned(ban.address, NOW)));
}

#[test]
fn a_ban_of_the_operators_gives_its_place_to_none() {
    let (home, opened) = Home::opened();
    let bans = opened.reader.bans();
    let operators = Ban { by_operator: true, ..ban_of(1, 1_500) };
    put(&bans, &operators, NOW);
    // A fault of the same address does not make it any other ban.
    put(&bans, &Ban { reason: "a fault".to_owned(), ..ban_of(1, 1_700) }, NOW);
    let lasting = Ban { until: at(1_700), ..operators };
    for number in 2..3_000 {
        assert!(bans.add(&ban_of(number, 3_000), NOW).is_some());
    }
    assert_eq!(bans.entries(NOW)[0], lasting);
    drop((opened, bans));
    let bans = home.open().reader.bans();
    assert_eq!((bans.entries(NOW), on_disk(&bans)), (vec![lasting], 1));
    for number in 2..=u32::try_from(MAX_BANS).unwrap() {
        let operators = Ban { by_operator: true, ..ban_of(number, 2_000) };
        assert!(bans.add(&operators, NOW).is_some());
    }
    assert!(bans.add(&ban_of(9_999, 9_999), NOW).is_none(), "no place is left");
    assert_eq!(bans.entries(NOW).len(), MAX_BANS);
}
