//! Who gives up a place.

use super::*;

const FLOOD: [u8; 4] = [203, 0, 113, 9];

fn take(places: &Arc<UpgradeSlots>, count: usize, ip: [u8; 4]) -> Vec<Slot> {
    (0..count).map(|_| places.take(ip.into())).collect()
}

fn is_out(place: &Slot) -> bool {
    place.evicted.is_cancelled()
}

#[test]
fn while_there_is_room_nobody_gives_up_a_place() {
    let places = Arc::new(UpgradeSlots::default());
    let taken = take(&places, MAX_UPGRADING, FLOOD);
    assert!(!taken.iter().any(is_out));
    drop(taken);
    let taken = take(&places, MAX_UPGRADING, FLOOD);
    assert!(!taken.iter().any(is_out), "places that were given back are free");
}

#[test]
fn the_oldest_of_the_prefix_that_holds_most_gives_up_its_place() {
    let places = Arc::new(UpgradeSlots::default());
    let honest = take(&places, 20, [192, 0, 2, 1]);
    let flood = take(&places, MAX_UPGRADING - 20, FLOOD);
    let more = take(&places, 10, [198, 51, 100, 1]);
    assert!(!honest.iter().chain(&more).any(is_out));
    assert!(flood[..10].iter().all(is_out));
    assert!(!flood[10..].iter().any(is_out));
}

#[test]
fn loopback_counts_as_any_other_prefix() {
    let places = Arc::new(UpgradeSlots::default());
    let flood = take(&places, MAX_UPGRADING, [127, 0, 0, 1]);
    let newcomer = places.take([127, 0, 0, 1].into());
    assert!(!is_out(&newcomer));
    assert!(is_out(&flood[0]));
    assert!(!flood[1..].iter().any(is_out));
}

#[tokio::test(start_paused = true)]
async fn connections_that_gave_up_their_places_count_until_they_are_gone() {
    let places = Arc::new(UpgradeSlots::default());
    let mut taken = take(&places, MAX_UPGRADING + MAX_LEAVING - 1, FLOOD);
    places.room().await;
    taken.extend(take(&places, 1, FLOOD));
    let moment = std::time::Duration::from_secs(1);
    assert!(tokio::time::timeout(moment, places.room()).await.is_err());
    let waiting = tokio::spawn({
        let places = Arc::clone(&places);
        async move { places.room().await }
    });
    tokio::task::yield_now().await;
    let evicted = taken.iter().position(is_out).unwrap();
    drop(taken.remove(evicted));
    waiting.await.unwrap();
}
