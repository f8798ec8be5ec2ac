//! Who is kept out, and what of the operator's is not.

use super::*;

const LIAR: &str = "192.0.2.1:40000";

impl Bench {
    /// A link to a peer that this node dialled.
    fn dial(&mut self, peer: &PeerUrl, address: &str) -> Option<Ticket> {
        let (arrival, mut ticket) = arrival(address);
        self.happens(Event::Dialled { peer: peer.clone(), arrival });
        ticket.try_recv().ok()
    }

    fn banned(&self) -> Vec<String> {
        self.node.handle.bans().iter().map(|ban| ban.address.to_string()).collect()
    }
}

#[tokio::test]
async fn a_ban_ends_every_link_of_the_address_but_that_to_a_peer_the_operator_named() {
    let mut bench = Bench::new().await;
    let named = url("ws://192.0.2.1:7545");
    bench.driver.dials.want(named.clone(), Instant::now());
    let mut operators = bench.dial(&named, "192.0.2.1:7545").unwrap();
    let mut liar = bench.accept(LIAR).unwrap();
    let mut same = bench.accept("[::ffff:192.0.2.1]:40001").unwrap();
    let mut other = bench.accept("192.0.2.2:40000").unwrap();
    bench.happens(Event::Input(Input::Undecodable { link: liar.link, reason: "for a test" }));
    let codes = [&mut operators, &mut liar, &mut same, &mut other].map(closed);
    assert_eq!(codes, [None, Some(1_002), Some(1_008), None]);
    assert_eq!(bench.banned(), ["192.0.2.1"]);
    bench.stop().await;
}

#[tokio::test]
async fn a_connection_whose_address_was_banned_meanwhile_becomes_no_link() {
    let mut bench = Bench::new().await;
    let (named, heard_of) = (url("ws://192.0.2.1:7545"), url("ws://192.0.2.1:7546"));
    bench.driver.dials.want(named.clone(), Instant::now());
    bench.driver.dials.learn(heard_of.clone(), Instant::now());
    let node = bench.node.handle.clone();
    let until = node.now().plus_millis(60_000);
    node.ban("192.0.2.1".parse().unwrap(), until, "for a test").await.unwrap();
    assert!(bench.accept(LIAR).is_none());
    assert!(bench.dial(&heard_of, "192.0.2.1:7546").is_none());
    assert!(bench.dial(&named, "192.0.2.1:7545").is_some());
    bench.stop().await;
}
