//! Order, bounds, and the word that the chain moved.

use super::*;
use crate::chain::Spec;
use crate::node::mining::request::Ticket;
use crate::node::test_util::records;

fn push(queue: &MiningQueue, text: &str) -> Ticket {
    let (request, ticket) = Request::new(records(text));
    queue.push(request).unwrap();
    ticket
}

fn next(queue: &MiningQueue) -> Sequenced {
    match queue.next() {
        Some(Job::Mine(job)) => job,
        other => panic!("not a request: {other:?}"),
    }
}

fn text(job: &Sequenced) -> &str {
    &job.request.records()[0]
}

#[test]
fn requests_come_out_in_order_of_arrival() {
    let queue = MiningQueue::new(8);
    let _tickets = ["a", "b", "c"].map(|text| push(&queue, text));
    assert_eq!(["a", "b", "c"].map(|_| text(&next(&queue)).to_owned()), ["a", "b", "c"]);
}

#[test]
fn what_comes_back_stands_before_what_is_newer() {
    let queue = MiningQueue::new(8);
    let _tickets = ["a", "b", "c", "d"].map(|text| push(&queue, text));
    let (a, b, c) = (next(&queue), next(&queue), next(&queue));
    // The one at work comes back first, then those from the writer.
    queue.put_back(c);
    queue.put_back(a);
    queue.put_back(b);
    let order = [(); 4].map(|()| text(&next(&queue)).to_owned());
    assert_eq!(order, ["a", "b", "c", "d"]);
}

#[test]
fn a_full_queue_refuses_and_a_client_that_left_makes_room() {
    let queue = MiningQueue::new(2);
    let a = push(&queue, "a");
    let _b = push(&queue, "b");
    let (request, _c) = Request::new(records("c"));
    assert!(matches!(queue.push(request), Err(MineError::QueueFull)));
    drop(a);
    let _d = push(&queue, "d");
    assert_eq!(text(&next(&queue)), "b");
    assert_eq!(text(&next(&queue)), "d");
}

#[test]
fn the_miner_moves_only_when_all_its_blocks_are_answered_or_back() {
    let queue = MiningQueue::new(8);
    let _tickets = ["a", "b", "c"].map(|text| push(&queue, text));
    let (a, b) = (next(&queue), next(&queue));
    queue.chain_moved(TipState::genesis(&Spec::dev()));
    assert!(queue.is_interrupted());

    // Even though another request waits.
    assert!(queue.lock().job().is_none());
    queue.finished(1, a.request.size_bytes());
    assert!(queue.lock().job().is_none());
    queue.put_back(b);
    assert!(matches!(queue.next(), Some(Job::MoveTo(_))));
    assert!(!queue.is_interrupted());
    assert_eq!(text(&next(&queue)), "b");
}

#[test]
fn a_miner_that_sleeps_is_woken_by_all_that_concerns_it() {
    let genesis = TipState::genesis(&Spec::dev());
    let (request, _ticket) = Request::new(records("a"));
    let request = Mutex::new(Some(request));
    let wakes: [&dyn Fn(&MiningQueue); 3] = [
        &|queue| queue.push(request.lock().unwrap().take().unwrap()).unwrap(),
        &|queue| queue.chain_moved(genesis.clone()),
        &MiningQueue::stop,
    ];
    for wake in wakes {
        let queue = MiningQueue::new(8);
        let (woken, wait) = std::sync::mpsc::channel();
        let is_woken = std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = queue.next();
                woken.send(()).unwrap();
            });
            while !queue.lock().asleep {
                std::thread::yield_now();
            }
            wake(&queue);
            let is_woken = wait.recv_timeout(std::time::Duration::from_secs(10)).is_ok();
            // Whatever became of it, let the thread end.
            queue.stop();
            queue.changed.notify_one();
            is_woken
        });
        assert!(is_woken);
    }
}

#[test]
fn the_bytes_that_are_out_are_bounded() {
    let queue = MiningQueue::new(64);
    let large = "x".repeat(1 << 20);
    let _tickets: Vec<_> = (0..12).map(|_| push(&queue, &large)).collect();
    let mut state = queue.lock();
    let in_flight = std::iter::from_fn(|| state.take()).count() as u64;
    assert_eq!(in_flight, MAX_IN_FLIGHT_BYTES / (1 << 20) - 1);
}

#[test]
fn a_request_above_the_byte_bound_goes_alone() {
    let queue = MiningQueue::new(64);
    let huge = "x".repeat(usize::try_from(MAX_IN_FLIGHT_BYTES).unwrap() + 1);
    let _tickets = [push(&queue, &huge), push(&queue, "b")];
    let mut state = queue.lock();
    let first = state.take().unwrap();
    assert!(state.take().is_none());
    state.finished(1, first.request.size_bytes());
    assert!(state.take().is_some());
}

#[tokio::test]
async fn stopping_answers_all_and_takes_nothing_more() {
    let queue = MiningQueue::new(8);
    let at_work = push(&queue, "a");
    let waiting = push(&queue, "b");
    let job = next(&queue);
    queue.stop();
    assert!(queue.is_interrupted());
    queue.put_back(job);
    for ticket in [at_work, waiting] {
        let answer = ticket.wait(std::time::Duration::MAX).await;
        assert!(matches!(answer, Err(MineError::Stopping)));
    }
    let (request, _ticket) = Request::new(records("c"));
    assert!(matches!(queue.push(request), Err(MineError::Stopping)));
    assert!(queue.next().is_none());
}
