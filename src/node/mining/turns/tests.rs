//! Requests and the pool, with and without an interval.

use super::*;
use crate::node::records::pool::ready::ReadySum;

const SECOND: Duration = Duration::from_secs(1);
const NOT_KEPT: NextBlock = NextBlock::Pool(PoolTurn { is_kept: false, may_be_empty: false });
const KEPT: NextBlock = NextBlock::Pool(PoolTurn { is_kept: true, may_be_empty: false });

/// Records of the pool that waited for so long.
fn ready(wait: Duration, fills_block: bool) -> Demand {
    let records = Some(ReadySum { wait, fills_block, size_bytes: 0 });
    Demand { records, ..Demand::NONE }
}

#[test]
fn nothing_is_done_for_an_empty_pool() {
    let turns = Turns::new(SECOND);
    assert_eq!(turns.next(false, Demand::NONE), NextBlock::Nobody(None));
    assert_eq!(turns.next(true, Demand::NONE), NextBlock::Request);
}

#[test]
fn a_record_waits_for_others_until_the_interval_is_over_or_they_fill_a_block() {
    let turns = Turns::new(SECOND);
    let early = SECOND * 3 / 4;
    assert_eq!(turns.next(false, ready(early, false)), NextBlock::Nobody(Some(SECOND / 4)));
    assert_eq!(turns.next(false, ready(early, true)), NOT_KEPT);
    assert_eq!(turns.next(false, ready(SECOND, false)), NOT_KEPT);
}

#[test]
fn requests_come_first_until_the_oldest_record_waited_for_two_intervals() {
    let mut turns = Turns::new(SECOND);
    turns.took_request();
    assert_eq!(turns.next(true, ready(SECOND, true)), NextBlock::Request);
    assert_eq!(turns.next(true, ready(SECOND * 2, false)), KEPT);
    // It is kept for the pool until its block is found.
    assert_eq!(turns.next(true, ready(SECOND * 2, false)), KEPT);
    turns.found_pool_block();
    assert_eq!(turns.next(true, ready(SECOND * 2, false)), NextBlock::Request);
}

#[test]
fn without_an_interval_every_second_block_is_the_pools() {
    let mut turns = Turns::new(Duration::ZERO);
    let now = ready(Duration::ZERO, false);
    assert_eq!(turns.next(false, now), NOT_KEPT);
    assert_eq!(turns.next(true, now), NextBlock::Request);
    turns.took_request();
    assert_eq!(turns.next(true, now), KEPT);
}

#[test]
fn a_block_that_is_wanted_without_records_waits_for_requests_alone() {
    let mut turns = Turns::new(SECOND);
    turns.took_request();
    let empty = Demand { wants_block: true, ..Demand::NONE };
    let turn = NextBlock::Pool(PoolTurn { is_kept: false, may_be_empty: true });
    assert_eq!(turns.next(true, empty), NextBlock::Request);
    assert_eq!(turns.next(false, empty), turn);
    let early = Demand { wants_block: true, ..ready(SECOND / 2, false) };
    assert_eq!(turns.next(false, early), turn);
}

#[test]
fn nobody_waits_longer_than_until_something_is_due() {
    let turns = Turns::new(SECOND);
    let soon = |look_again| Demand { look_again, ..ready(SECOND / 2, false) };
    assert_eq!(turns.next(false, soon(Some(SECOND / 4))), NextBlock::Nobody(Some(SECOND / 4)));
    assert_eq!(turns.next(false, soon(Some(SECOND))), NextBlock::Nobody(Some(SECOND / 2)));
    let later = Demand { look_again: Some(SECOND), ..Demand::NONE };
    assert_eq!(turns.next(false, later), NextBlock::Nobody(Some(SECOND)));
}
