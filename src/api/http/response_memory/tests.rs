//! Tests.

use futures_util::FutureExt;

use super::*;

const MIB: usize = 1 << 20;

fn count(share: &Share, bytes: usize) -> Result<Bytes, NoRoom> {
    share.count(vec![b'x'; bytes], None)
}

#[test]
fn a_large_answer_counts_until_its_last_part_is_dropped() {
    let answers = ResponseMemory::new();
    let mut text = count(&answers.share("a"), MIB).unwrap();
    assert_eq!(answers.held(), (MIB, MAX_RESPONSES_BYTES));
    let part = text.split_to(10);
    drop(text);
    assert_eq!(answers.held().0, MIB);
    drop(part);
    assert_eq!(answers.held().0, 0);
}

#[test]
fn small_answers_do_not_count() {
    let answers = ResponseMemory::new();
    let _held = count(&answers.share("a"), SMALL_RESPONSE_BYTES).unwrap();
    assert_eq!(answers.held().0, 0);
    let _held = count(&answers.share("a"), SMALL_RESPONSE_BYTES + 1).unwrap();
    assert_eq!(answers.held().0, SMALL_RESPONSE_BYTES + 1);
}

#[test]
fn an_encoded_answer_counts_as_long_as_it_is_once_it_had_room_for_the_text() {
    let answers = ResponseMemory::new();
    let share = answers.share("a");
    let page = vec![b'x'; MIB];
    let encode = |_: &[u8]| Ok::<_, ()>(vec![b'y'; 1_000]);
    let text = share.count_encoded(&page, None, encode).unwrap().unwrap();
    assert_eq!((text.len(), answers.held().0), (1_000, 1_000));
    drop(text);
    assert_eq!(answers.held().0, 0);
    let held: Vec<_> = (0..16).map(|_| count(&share, MIB).unwrap()).collect();
    let never = |_: &[u8]| -> Result<Vec<u8>, ()> { panic!("there is no room") };
    assert_eq!(share.count_encoded(&page, None, never), Ok(Err(NoRoom(MIB))));
    drop(held);
    assert_eq!(share.count_encoded(&page, None, |_| Err(())), Err(()));
    assert_eq!(answers.held().0, 0);
}

#[test]
fn a_user_holds_a_quarter_and_all_users_together_the_whole() {
    let answers = ResponseMemory::new();
    let mut held = Vec::new();
    for user in ["a", "b", "c", "d"] {
        held.extend((0..16).map(|_| count(&answers.share(user), MIB).unwrap()));
        assert_eq!(count(&answers.share(user), MIB), Err(NoRoom(MIB)));
    }
    assert_eq!(answers.held().0, MAX_RESPONSES_BYTES);
    assert_eq!(count(&answers.share("e"), MIB), Err(NoRoom(MIB)));
    held.pop();
    assert!(count(&answers.share("a"), MIB).is_err());
    assert!(count(&answers.share("e"), MIB).is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_room_is_built_again_once_there_is_some() {
    let answers = ResponseMemory::new();
    let share = answers.share("a");
    let blocker = share.reserve(MAX_USER_RESPONSES_BYTES).await.unwrap();
    let built = std::cell::Cell::new(0);
    let write = async || {
        built.set(built.get() + 1);
        Ok(vec![b'x'; MIB])
    };
    let mut answering = std::pin::pin!(share.json(write));
    assert!(answering.as_mut().now_or_never().is_none());
    assert_eq!((built.get(), answers.held().0), (1, MAX_USER_RESPONSES_BYTES));
    drop(blocker);
    let response = answering.await.unwrap();
    assert_eq!((built.get(), answers.held().0), (2, MIB));
    drop(response);
    assert_eq!(answers.held().0, 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_does_not_wait_for_ever() {
    let share = ResponseMemory::new().share("a");
    let _blocker = share.reserve(MAX_USER_RESPONSES_BYTES).await.unwrap();
    let refused = share.json(async || Ok(vec![b'x'; MIB])).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Busy);
}

#[test]
fn shares_of_users_without_answers_are_forgotten() {
    let answers = ResponseMemory::new();
    let _held = count(&answers.share("holds"), MIB).unwrap();
    for user in 0..3 * MAX_SHARES {
        answers.share(&user.to_string());
    }
    let shares = answers.shares.lock().unwrap();
    assert!(shares.len() <= MAX_SHARES && shares.contains_key("holds"));
}
