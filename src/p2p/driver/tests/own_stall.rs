//! A node that did something else for a while.

use super::*;

#[tokio::test]
async fn what_came_during_a_stall_of_ours_is_taken_before_anybody_is_late() {
    let mut bench = Bench::new().await;
    let mut prompt = bench.accept("192.0.2.1:40000").unwrap();
    let mut silent = bench.accept("198.51.100.1:40000").unwrap();
    // Its Hello waits while this task cannot look at it; the other one says none.
    let hello = bench.hello(5, None);
    let input = BinaryInput::Message { link: prompt.link, message: Message::Hello(hello) }.into();
    bench.driver.context.events.send(Event::Input(input)).await.unwrap();
    bench.driver.origin -= Duration::from_secs(60);
    bench.driver.take_waiting().await;
    bench.driver.timers();
    bench.driver.perform();
    assert_eq!((closed(&mut prompt), closed(&mut silent)), (None, Some(1_002)));
}

#[tokio::test]
async fn timers_run_though_events_come_without_end() {
    let mut bench = Bench::new().await;
    let events = bench.driver.context.events.clone();
    let flood = tokio::spawn(async move {
        while events.send(Event::Input(Input::DeadlinePassed)).await.is_ok() {}
    });
    bench.driver.take_waiting().await;
    flood.abort();
}
