//! What is written into the address book, and as what.

use super::*;

/// As another peer spoke of it.
fn heard_of(address: &str, failures: u32) -> KnownPeer {
    KnownPeer { address: address.to_owned(), last_success: 0, failures, learned: true }
}

#[tokio::test]
async fn where_a_peer_says_that_it_listens_is_only_heard_of() {
    let mut bench = Bench::new().await;
    let ticket = bench.accept("192.0.2.1:40000").unwrap();
    bench.says_hello(ticket.link, 1, Some("0.0.0.0:7000"));
    assert_eq!(bench.book().await, [heard_of("ws://192.0.2.1:7000", 0)]);
    bench.stop().await;
}

#[tokio::test]
async fn what_a_peer_says_is_not_written_when_no_place_is_left_for_it() {
    let mut bench = Bench::new().await;
    for number in 0..1_024 {
        bench.driver.dials.want(url(&format!("ws://named-{number}:7545")), Instant::now());
    }
    let ticket = bench.accept("192.0.2.1:40000").unwrap();
    bench.says_hello(ticket.link, 1, Some("0.0.0.0:7000"));
    assert_eq!(bench.book().await, []);
    bench.stop().await;
}
