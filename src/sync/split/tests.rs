//! Which tips are at odds.

use super::*;
use crate::chain::Height;

fn id_of(height: u64, name: u8) -> BlockId {
    BlockId { height: Height::new(height), hash: Hash::new([name; 32]) }
}

fn work(amount: u8) -> Work {
    let mut bytes = [0; 32];
    bytes[31] = amount;
    Work::from_bytes(bytes)
}

#[test]
fn only_work_that_does_not_decide_is_a_split() {
    let ours = id_of(10, 1);
    for (height, shown_work, expected) in [
        (10, ShownWork::Known(work(50)), true),
        (9, ShownWork::Known(work(50)), true),
        (12, ShownWork::Known(work(50)), true),
        (10, ShownWork::Known(work(49)), true),
        (12, ShownWork::Known(work(49)), true),
        (9, ShownWork::Known(work(49)), false),
        (10, ShownWork::Known(work(51)), false),
        (12, ShownWork::Known(work(51)), false),
        (9, ShownWork::As(ours.hash), true),
        (9, ShownWork::As(Hash::new([7; 32])), false),
        (10, ShownWork::As(Hash::new([7; 32])), true),
        (10, ShownWork::NoMore, true),
        (9, ShownWork::NoMore, false),
    ] {
        let shown = (id_of(height, 2), shown_work);
        assert_eq!(is_split(shown, ours, work(50)), expected, "{shown:?}");
    }
    assert!(!is_split((ours, ShownWork::Known(work(50))), ours, work(50)), "the same tip");
}

#[test]
fn it_lasts_through_new_tips_on_both_sides_and_begins_anew_after_an_end() {
    let at = |seconds| Time(Duration::from_secs(seconds));
    let after = Duration::from_secs(20);
    let mut rival = Rival::NONE;
    rival.shows(id_of(10, 2), ShownWork::Known(work(50)));
    rival.look(at(0), id_of(10, 1), work(50));
    rival.shows(id_of(11, 3), ShownWork::Known(work(55)));
    rival.look(at(15), id_of(11, 4), work(55));
    assert_eq!(rival.lasting(at(19), after), None);
    assert_eq!(rival.lasting(at(20), after), Some((after, id_of(11, 3))));
    rival.look(at(21), id_of(12, 5), work(60));
    rival.look(at(22), id_of(11, 4), work(55));
    assert_eq!(rival.lasting(at(30), after), None);
    rival.leaves();
    rival.look(at(50), id_of(11, 4), work(55));
    assert_eq!(rival.lasting(at(90), after), None);
}

#[test]
fn only_another_tip_of_exactly_as_much_work_is_a_tie() {
    let ours = id_of(10, 1);
    let mut rival = Rival::NONE;
    assert!(!rival.is_tied(ours, work(50)));
    for (height, shown_work, expected) in [
        (9, ShownWork::Known(work(50)), true),
        (12, ShownWork::Known(work(50)), true),
        (10, ShownWork::Known(work(49)), false),
        (10, ShownWork::Known(work(51)), false),
        (10, ShownWork::As(ours.hash), true),
        (10, ShownWork::As(Hash::new([7; 32])), false),
        (10, ShownWork::NoMore, false),
    ] {
        rival.shows(id_of(height, 2), shown_work);
        assert_eq!(rival.is_tied(ours, work(50)), expected, "{shown_work:?}");
    }
    rival.shows(ours, ShownWork::Known(work(50)));
    assert!(!rival.is_tied(ours, work(50)), "the same tip");
}
