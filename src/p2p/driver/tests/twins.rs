//! Two links to one node.

use super::*;

#[tokio::test]
async fn a_nonce_that_another_address_says_too_ends_no_link() {
    let mut bench = Bench::new().await;
    let mut honest = bench.accept("192.0.2.1:40000").unwrap();
    bench.says_hello(honest.link, 5, None);
    let mut thief = bench.accept("198.51.100.1:40000").unwrap();
    bench.says_hello(thief.link, 5, None);
    assert_eq!((closed(&mut honest), closed(&mut thief)), (None, None));
    let mut twin = bench.accept("[::ffff:192.0.2.1]:40001").unwrap();
    bench.says_hello(twin.link, 5, None);
    assert_eq!((closed(&mut honest), closed(&mut twin)), (None, Some(1_000)));
    bench.stop().await;
}
