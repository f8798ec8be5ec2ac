//! Who wins when the client, the deadline and the writer meet.

use super::*;
use crate::chain::Spec;
use crate::node::test_util::records;

const SOON: Duration = Duration::from_millis(1);
const LATE: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_deadline_cancels_a_request_that_waits() {
    let (request, ticket) = Request::new(records("a"));
    assert!(matches!(ticket.wait(SOON).await, Err(MineError::Deadline(SOON))));
    assert!(request.is_gone());
    assert!(!request.hand_over());
}

#[tokio::test]
async fn a_request_that_was_handed_over_is_answered_after_its_deadline() {
    let (request, ticket) = Request::new(records("a"));
    assert!(request.hand_over());
    let waiting = tokio::spawn(ticket.wait(Duration::ZERO));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    request.complete(Spec::dev().genesis());
    assert_eq!(waiting.await.unwrap().unwrap().hash, Spec::dev().genesis().hash());
}

#[tokio::test]
async fn a_request_that_comes_back_after_its_deadline_is_cancelled_then() {
    let (request, ticket) = Request::new(records("a"));
    assert!(request.hand_over());
    let waiting = tokio::spawn(ticket.wait(Duration::ZERO));
    tokio::task::yield_now().await;
    let request = request.take_back(Spec::dev().genesis());
    assert!(matches!(waiting.await.unwrap(), Err(MineError::Deadline(_))));
    assert!(request.is_gone());
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_a_block_at_the_writer_is_told_at_once_after_the_deadline() {
    for is_taken_back in [true, false] {
        let (request, ticket) = Request::new(records("a"));
        // A block that came back before is no news.
        assert!(request.hand_over());
        let request = request.take_back(Spec::dev().genesis());
        assert!(request.hand_over());
        let waiting = tokio::spawn(ticket.wait(SOON));
        tokio::time::sleep(LATE).await;
        assert!(!waiting.is_finished());
        let told = tokio::time::Instant::now();
        if is_taken_back {
            let request = request.take_back(Spec::dev().genesis());
            assert!(matches!(waiting.await.unwrap(), Err(MineError::Deadline(SOON))));
            assert!(request.is_gone());
        } else {
            request.complete(Spec::dev().genesis());
            assert_eq!(waiting.await.unwrap().unwrap().hash, Spec::dev().genesis().hash());
        }
        assert_eq!(told.elapsed(), Duration::ZERO);
    }
}

#[test]
fn dropping_the_ticket_cancels_unless_handed_over() {
    let (request, ticket) = Request::new(records("a"));
    drop(ticket);
    assert!(!request.hand_over());

    let (request, ticket) = Request::new(records("a"));
    assert!(request.hand_over());
    drop(ticket);
    // It comes back, and nobody wants it any more.
    assert!(request.take_back(Spec::dev().genesis()).is_gone());
}

#[tokio::test]
async fn dropping_the_request_answers_that_the_node_is_stopping() {
    let (request, ticket) = Request::new(records("a"));
    drop(request);
    assert!(matches!(ticket.wait(LATE).await, Err(MineError::Stopping)));
}

#[tokio::test]
async fn dropping_it_after_its_block_was_given_to_the_storage_answers_that_it_may_be_stored() {
    let (request, ticket) = Request::new(records("a"));
    assert!(request.hand_over());
    request.store();
    drop(request);
    assert!(matches!(ticket.wait(LATE).await, Err(MineError::Storage)));

    let (request, ticket) = Request::new(records("a"));
    assert!(request.hand_over());
    drop(request);
    assert!(matches!(ticket.wait(LATE).await, Err(MineError::Stopping)));
}

#[tokio::test]
async fn a_limit_beyond_all_time_is_a_limit() {
    let (request, ticket) = Request::new(records("a"));
    request.refuse(MineError::QueueFull);
    assert!(matches!(ticket.wait(Duration::MAX).await, Err(MineError::QueueFull)));
}

#[test]
fn the_records_come_back_with_the_block() {
    let (mut request, _ticket) = Request::new(records("a"));
    assert_eq!(request.take_records(), records("a"));
    assert_eq!(request.records(), [""; 0]);
    let genesis = Spec::dev().genesis();
    assert_eq!(request.take_back(genesis.clone()).records(), genesis.block().records);
}
