//! Which pongs count.

use super::*;

#[tokio::test(start_paused = true)]
async fn only_the_pong_that_answers_the_last_ping_counts_and_it_counts_once() {
    let stats = Stats::default();
    let first = stats.ping(1);
    stats.ponged(&2_u64.to_be_bytes());
    stats.ponged(&[]);
    assert_eq!(stats.rtt(), None, "no ping carried that");
    tokio::time::advance(Duration::from_millis(30)).await;
    stats.ponged(&first);
    assert_eq!(stats.rtt(), Some(Duration::from_millis(30)));
    let second = stats.ping(3);
    stats.ponged(&first);
    assert_eq!(stats.rtt(), Some(Duration::from_millis(30)), "it was answered before");
    tokio::time::advance(Duration::from_millis(40)).await;
    stats.ponged(&second);
    assert_eq!(stats.rtt(), Some(Duration::from_millis(40)));
    assert_eq!(stats.shortest_rtt(), Some(Duration::from_millis(30)));
}
