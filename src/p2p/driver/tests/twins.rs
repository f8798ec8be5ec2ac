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
}

#[tokio::test]
async fn a_nonce_said_at_a_peers_address_does_not_displace_the_peer_that_we_dialled() {
    for (nonce, is_first) in [(0, true), (0, false), (u64::MAX, true), (u64::MAX, false)] {
        let mut bench = Bench::new().await;
        let named = url("ws://192.0.2.1:7545");
        bench.driver.dials.want(named.clone(), Instant::now());
        let thief = |bench: &mut Bench, port| {
            let ticket = bench.accept(&format!("192.0.2.1:{port}")).unwrap();
            bench.says_hello(ticket.link, nonce, None);
            ticket
        };
        let mut thieves = Vec::new();
        if is_first {
            thieves.push(thief(&mut bench, 40_000));
        }
        let mut peer = bench.dial(&named, "192.0.2.1:7545").unwrap();
        bench.says_hello(peer.link, nonce, None);
        for port in 40_001..40_003 {
            thieves.push(thief(&mut bench, port));
        }
        assert_eq!(closed(&mut peer), None);
        let kept = thieves.iter_mut().map(closed).filter(Option::is_none);
        assert!(kept.count() <= 1, "one such link costs a place, and more are closed");
        let links: Vec<_> = bench.driver.table.links.keys().copied().collect();
        for link in links {
            let to_ban = bench.driver.to_ban(link);
            assert_eq!(to_ban.is_none(), link == peer.link, "a thief is banned for its faults");
        }
    }
}
