//! Order, bounds, and the word that the chain moved.

use super::*;
use crate::chain::Spec;
use crate::node::mining::request::Ticket;
use crate::node::test_util::records;

fn push(inbox: &Inbox, text: &str) -> Ticket {
    let (request, ticket) = Request::new(records(text));
    inbox.push(request).unwrap();
    ticket
}

fn next(inbox: &Inbox) -> Numbered {
    match inbox.next() {
        Some(Job::Mine(job)) => job,
        other => panic!("not a request: {other:?}"),
    }
}

fn text(job: &Numbered) -> &str {
    &job.request.records()[0]
}

#[test]
fn requests_come_out_in_order_of_arrival() {
    let inbox = Inbox::new(8);
    let _tickets = ["a", "b", "c"].map(|text| push(&inbox, text));
    assert_eq!(["a", "b", "c"].map(|_| text(&next(&inbox)).to_owned()), ["a", "b", "c"]);
}

#[test]
fn what_comes_back_stands_before_what_is_newer() {
    let inbox = Inbox::new(8);
    let _tickets = ["a", "b", "c", "d"].map(|text| push(&inbox, text));
    let (a, b, c) = (next(&inbox), next(&inbox), next(&inbox));
    // The one at work comes back first, then those from the writer.
    inbox.put_back(c);
    inbox.put_back(a);
    inbox.put_back(b);
    let order = [(); 4].map(|()| text(&next(&inbox)).to_owned());
    assert_eq!(order, ["a", "b", "c", "d"]);
}

#[test]
fn a_full_queue_refuses_and_a_client_that_left_makes_room() {
    let inbox = Inbox::new(2);
    let a = push(&inbox, "a");
    let _b = push(&inbox, "b");
    let (request, _c) = Request::new(records("c"));
    assert!(matches!(inbox.push(request), Err(MineError::QueueFull)));
    drop(a);
    let _d = push(&inbox, "d");
    assert_eq!(text(&next(&inbox)), "b");
    assert_eq!(text(&next(&inbox)), "d");
}

#[test]
fn the_miner_moves_only_when_all_its_blocks_are_answered_or_back() {
    let inbox = Inbox::new(8);
    let _tickets = ["a", "b", "c"].map(|text| push(&inbox, text));
    let (a, b) = (next(&inbox), next(&inbox));
    inbox.chain_moved(TipState::genesis(&Spec::dev()));
    assert!(inbox.is_interrupted());

    // Even though another request waits.
    assert!(inbox.lock().job().is_none());
    inbox.landed(1, a.request.weight());
    assert!(inbox.lock().job().is_none());
    inbox.put_back(b);
    assert!(matches!(inbox.next(), Some(Job::MoveTo(_))));
    assert!(!inbox.is_interrupted());
    assert_eq!(text(&next(&inbox)), "b");
}

#[test]
fn a_miner_that_sleeps_is_woken_by_all_that_concerns_it() {
    let genesis = TipState::genesis(&Spec::dev());
    let (request, _ticket) = Request::new(records("a"));
    let request = Mutex::new(Some(request));
    let wakes: [&dyn Fn(&Inbox); 3] = [
        &|inbox| inbox.push(request.lock().unwrap().take().unwrap()).unwrap(),
        &|inbox| inbox.chain_moved(genesis.clone()),
        &Inbox::stop,
    ];
    for wake in wakes {
        let inbox = Inbox::new(8);
        let (woken, wait) = std::sync::mpsc::channel();
        let is_woken = std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = inbox.next();
                woken.send(()).unwrap();
            });
            while !inbox.lock().asleep {
                std::thread::yield_now();
            }
            wake(&inbox);
            let is_woken = wait.recv_timeout(std::time::Duration::from_secs(10)).is_ok();
            // Whatever became of it, let the thread end.
            inbox.stop();
            inbox.changed.notify_one();
            is_woken
        });
        assert!(is_woken);
    }
}

#[test]
fn the_bytes_that_are_out_are_bounded() {
    let inbox = Inbox::new(64);
    let large = "x".repeat(1 << 20);
    let _tickets: Vec<_> = (0..12).map(|_| push(&inbox, &large)).collect();
    let mut state = inbox.lock();
    let out = std::iter::from_fn(|| state.take()).count() as u64;
    assert_eq!(out, MAX_OUT_BYTES / (1 << 20) - 1);
}

#[test]
fn a_request_above_the_byte_bound_goes_alone() {
    let inbox = Inbox::new(64);
    let huge = "x".repeat(usize::try_from(MAX_OUT_BYTES).unwrap() + 1);
    let _tickets = [push(&inbox, &huge), push(&inbox, "b")];
    let mut state = inbox.lock();
    let first = state.take().unwrap();
    assert!(state.take().is_none());
    state.landed(1, first.request.weight());
    assert!(state.take().is_some());
}

#[tokio::test]
async fn stopping_answers_all_and_takes_nothing_more() {
    let inbox = Inbox::new(8);
    let at_work = push(&inbox, "a");
    let waiting = push(&inbox, "b");
    let job = next(&inbox);
    inbox.stop();
    assert!(inbox.is_interrupted());
    inbox.put_back(job);
    for ticket in [at_work, waiting] {
        let answer = ticket.wait(std::time::Duration::MAX).await;
        assert!(matches!(answer, Err(MineError::Stopping)));
    }
    let (request, _ticket) = Request::new(records("c"));
    assert!(matches!(inbox.push(request), Err(MineError::Stopping)));
    assert!(inbox.next().is_none());
}
