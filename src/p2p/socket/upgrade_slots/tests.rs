//! Which connection gives up its slot.

use super::*;

const FLOOD: [u8; 4] = [203, 0, 113, 9];

fn take(slots: &Arc<UpgradeSlots>, count: usize, ip: [u8; 4]) -> Vec<Slot> {
    (0..count).map(|_| slots.take(ip.into())).collect()
}

fn is_out(slot: &Slot) -> bool {
    slot.evicted.is_cancelled()
}

#[test]
fn while_there_is_room_nobody_gives_up_a_slot() {
    let slots = Arc::new(UpgradeSlots::default());
    let taken = take(&slots, MAX_UPGRADING, FLOOD);
    assert!(!taken.iter().any(is_out));
    drop(taken);
    let taken = take(&slots, MAX_UPGRADING, FLOOD);
    assert!(!taken.iter().any(is_out), "slots that were given back are free");
}

#[test]
fn the_oldest_of_the_prefix_that_holds_most_gives_up_its_slot() {
    let slots = Arc::new(UpgradeSlots::default());
    let honest = take(&slots, 20, [192, 0, 2, 1]);
    let flood = take(&slots, MAX_UPGRADING - 20, FLOOD);
    let more = take(&slots, 10, [198, 51, 100, 1]);
    assert!(!honest.iter().chain(&more).any(is_out));
    assert!(flood[..10].iter().all(is_out));
    assert!(!flood[10..].iter().any(is_out));
}

#[test]
fn loopback_counts_as_any_other_prefix() {
    let slots = Arc::new(UpgradeSlots::default());
    let flood = take(&slots, MAX_UPGRADING, [127, 0, 0, 1]);
    let newcomer = slots.take([127, 0, 0, 1].into());
    assert!(!is_out(&newcomer));
    assert!(is_out(&flood[0]));
    assert!(!flood[1..].iter().any(is_out));
}

#[tokio::test(start_paused = true)]
async fn connections_that_gave_up_their_slots_count_until_they_are_gone() {
    let slots = Arc::new(UpgradeSlots::default());
    let mut taken = take(&slots, MAX_UPGRADING + MAX_LEAVING - 1, FLOOD);
    slots.room().await;
    taken.extend(take(&slots, 1, FLOOD));
    let moment = std::time::Duration::from_secs(1);
    assert!(tokio::time::timeout(moment, slots.room()).await.is_err());
    let waiting = tokio::spawn({
        let slots = Arc::clone(&slots);
        async move { slots.room().await }
    });
    tokio::task::yield_now().await;
    let evicted = taken.iter().position(is_out).unwrap();
    drop(taken.remove(evicted));
    waiting.await.unwrap();
}
