//! Order, bounds, and the word that the chain moved.

use super::*;
use crate::chain::Spec;
use crate::node::mining::request::Ticket;
use crate::node::records::pool::ready::ReadySum;
use crate::node::test_util::records;

fn push(queue: &MiningQueue, text: &str) -> Ticket {
    let (request, ticket) = Request::new(records(text));
    queue.push(request).unwrap();
    ticket
}

fn next(queue: &MiningQueue) -> Sequenced {
    match queue.next(&mut || Demand::NONE) {
        Some(Task::Mine(job)) => job,
        other => panic!("not a request: {other:?}"),
    }
}

const INTERVAL: Duration = Duration::from_secs(1);

/// Records of the pool that waited for so long.
fn ready(wait: Duration) -> Demand {
    let records = Some(ReadySum { wait, fills_block: false, size_bytes: 100 });
    Demand { records, ..Demand::NONE }
}

const NOT_KEPT: PoolTurn = PoolTurn { is_kept: false, may_be_empty: false };

fn text(job: &Sequenced) -> &str {
    &job.request.records()[0]
}

#[test]
fn requests_come_out_in_order_of_arrival() {
    let queue = MiningQueue::new(8, INTERVAL);
    let _tickets = ["a", "b", "c"].map(|text| push(&queue, text));
    assert_eq!(["a", "b", "c"].map(|_| text(&next(&queue)).to_owned()), ["a", "b", "c"]);
}

#[test]
fn what_comes_back_stands_before_what_is_newer() {
    let queue = MiningQueue::new(8, INTERVAL);
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
    let queue = MiningQueue::new(2, INTERVAL);
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
    let queue = MiningQueue::new(8, INTERVAL);
    let _tickets = ["a", "b", "c"].map(|text| push(&queue, text));
    let (a, b) = (next(&queue), next(&queue));
    queue.chain_moved(TipState::genesis(&Spec::dev()));
    assert!(queue.is_interrupted());

    // Even though another request waits.
    assert!(queue.lock().task(&mut || Demand::NONE).is_err());
    queue.finished(1, a.request.size_bytes());
    assert!(queue.lock().task(&mut || Demand::NONE).is_err());
    queue.put_back(b);
    assert!(matches!(queue.next(&mut || Demand::NONE), Some(Task::MoveTo(_))));
    assert!(!queue.is_interrupted());
    assert_eq!(text(&next(&queue)), "b");
}

#[test]
fn a_miner_that_sleeps_is_woken_by_all_that_concerns_it() {
    let genesis = TipState::genesis(&Spec::dev());
    let (request, _ticket) = Request::new(records("a"));
    let request = Mutex::new(Some(request));
    let in_pool = AtomicBool::new(false);
    let wakes: [&dyn Fn(&MiningQueue); 4] = [
        &|queue| {
            in_pool.store(true, Ordering::Relaxed);
            queue.demand_changed();
        },
        &|queue| queue.push(request.lock().unwrap().take().unwrap()).unwrap(),
        &|queue| queue.chain_moved(genesis.clone()),
        &MiningQueue::stop,
    ];
    for wake in wakes {
        let queue = MiningQueue::new(8, INTERVAL);
        in_pool.store(false, Ordering::Relaxed);
        let (woken, wait) = std::sync::mpsc::channel();
        let is_woken = std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = queue.next(&mut || {
                    if in_pool.load(Ordering::Relaxed) { ready(INTERVAL) } else { Demand::NONE }
                });
                woken.send(()).unwrap();
            });
            while !queue.lock().asleep {
                std::thread::yield_now();
            }
            wake(&queue);
            let is_woken = wait.recv_timeout(Duration::from_secs(60)).is_ok();
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
    let queue = MiningQueue::new(64, INTERVAL);
    let large = "x".repeat(1 << 20);
    let _tickets: Vec<_> = (0..12).map(|_| push(&queue, &large)).collect();
    let mut state = queue.lock();
    let in_flight = std::iter::from_fn(|| state.take()).count() as u64;
    assert_eq!(in_flight, MAX_IN_FLIGHT_BYTES / (1 << 20) - 1);
}

#[test]
fn a_request_above_the_byte_bound_goes_alone() {
    let queue = MiningQueue::new(64, INTERVAL);
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
    let queue = MiningQueue::new(8, INTERVAL);
    let at_work = push(&queue, "a");
    let waiting = push(&queue, "b");
    let job = next(&queue);
    queue.stop();
    assert!(queue.is_interrupted());
    queue.put_back(job);
    for ticket in [at_work, waiting] {
        let answer = ticket.wait(Duration::MAX).await;
        assert!(matches!(answer, Err(MineError::Stopping)));
    }
    let (request, _ticket) = Request::new(records("c"));
    assert!(matches!(queue.push(request), Err(MineError::Stopping)));
    assert!(queue.next(&mut || Demand::NONE).is_none());
}

#[test]
fn with_requests_all_the_time_every_second_block_is_the_pools_once_it_is_overdue() {
    let queue = MiningQueue::new(64, INTERVAL);
    let _tickets: Vec<_> = (0..9).map(|_| push(&queue, "request")).collect();
    let turns = |wait: Duration| {
        let mut turns = String::new();
        for _ in 0..4 {
            let task = queue.lock().task(&mut || ready(wait)).unwrap();
            match task {
                Task::Mine(_) => turns.push('r'),
                Task::MinePool { turn, .. } => {
                    assert!(turn.is_kept);
                    turns.push('p');
                    queue.found_pool_block();
                }
                other @ Task::MoveTo(_) => panic!("not to be mined: {other:?}"),
            }
        }
        turns
    };
    assert_eq!(turns(INTERVAL), "rrrr");
    assert_eq!(turns(INTERVAL * 2), "prpr");
}

#[test]
fn a_request_waits_no_longer_for_the_pools_next_block_when_one_was_stopped() {
    let queue = MiningQueue::new(8, INTERVAL);
    let task = queue.lock().task(&mut || ready(INTERVAL));
    let Ok(Task::MinePool { size_bytes, turn: NOT_KEPT }) = task else {
        panic!("nothing else is there")
    };
    let _ticket = push(&queue, "request");
    queue.finished(1, size_bytes);
    assert!(matches!(queue.lock().task(&mut || ready(INTERVAL)), Ok(Task::Mine(_))));
}

#[test]
fn the_pools_blocks_count_as_out_until_they_are_done() {
    let queue = MiningQueue::new(8, INTERVAL);
    let mut full = || {
        let sum = ReadySum { wait: INTERVAL, fills_block: true, size_bytes: MAX_IN_FLIGHT_BYTES };
        Demand { records: Some(sum), ..Demand::NONE }
    };
    assert!(matches!(queue.lock().task(&mut full), Ok(Task::MinePool { .. })));
    assert!(queue.lock().task(&mut full).is_err());
    queue.chain_moved(TipState::genesis(&Spec::dev()));
    assert!(queue.lock().task(&mut full).is_err());
    queue.finished(1, MAX_IN_FLIGHT_BYTES);
    assert!(matches!(queue.lock().task(&mut full), Ok(Task::MoveTo(_))));
    assert!(matches!(queue.lock().task(&mut full), Ok(Task::MinePool { .. })));
}

#[test]
fn after_a_failure_the_pool_rests_and_requests_do_not() {
    let queue = MiningQueue::new(8, INTERVAL);
    queue.rest_pool();
    let rest = queue.lock().task(&mut || ready(INTERVAL)).unwrap_err();
    assert!(rest.is_some_and(|rest| rest <= POOL_REST));
    let _ticket = push(&queue, "request");
    assert!(matches!(queue.lock().task(&mut || ready(INTERVAL)), Ok(Task::Mine(_))));
    queue.lock().rests_until = Some(Instant::now());
    assert!(matches!(queue.lock().task(&mut || ready(INTERVAL)), Ok(Task::MinePool { .. })));
}
