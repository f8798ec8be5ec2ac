//! Who is kept out, and what of the operator's is not.

use super::*;
use crate::chain::TipState;
use crate::chain::test_util::Branch;
use crate::sync::message::Body;

const LIAR: &str = "192.0.2.1:40000";

impl Bench {
    /// A link to a peer that this node dialled.
    pub(super) fn dial(&mut self, peer: &PeerUrl, address: &str) -> Option<Ticket> {
        let (arrival, mut ticket) = arrival(address);
        self.happens(Event::Dialled { peer: peer.clone(), arrival });
        ticket.try_recv().ok()
    }

    fn banned(&self) -> Vec<String> {
        self.node.handle.bans().iter().map(|ban| ban.address.to_string()).collect()
    }

    /// Has bodies checked of which one is wrong, and the link ended before that is known.
    async fn hangs_up_after_a_wrong_body(&mut self, link: LinkId) {
        let spec = self.node.handle.spec().clone();
        let block = Branch::from_genesis(&spec).grow(1, "a").blocks.remove(0);
        let header = TipState::genesis(&spec);
        let header = header.check_next(&spec, &block.header, block.header.timestamp).unwrap();
        let bodies = vec![(header, Body::of(&["b".to_owned()]).unwrap())];
        let check = Output::Check { link, download: 1, first: Height::new(1), bodies };
        self.driver.outputs.push(check);
        self.driver.perform();
        self.happens(Event::Ended { link, reason: "hung up".to_owned() });
        until("it is checked", || self.driver.tasks.is_empty()).await;
        while let Ok(event) = self.driver.events.try_recv() {
            self.happens(event);
        }
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
    bench.happens(Event::Input(
        BinaryInput::Undecodable { link: liar.link, reason: "for a test" }.into(),
    ));
    let codes = [&mut operators, &mut liar, &mut same, &mut other].map(closed);
    assert_eq!(codes, [None, Some(1_002), Some(1_008), None]);
    assert_eq!(bench.banned(), ["192.0.2.1"]);
}

#[tokio::test]
async fn a_ban_ends_every_link_of_an_ipv6_64() {
    let mut bench = Bench::new().await;
    let mut liar = bench.accept("[2001:db8:0:1::1]:40000").unwrap();
    let mut same = bench.accept("[2001:db8:0:1::2]:40000").unwrap();
    let mut other = bench.accept("[2001:db8:0:2::1]:40000").unwrap();
    bench.happens(Event::Input(
        BinaryInput::Undecodable { link: liar.link, reason: "for a test" }.into(),
    ));
    let codes = [&mut liar, &mut same, &mut other].map(closed);
    assert_eq!(codes, [Some(1_002), Some(1_008), None]);
    assert!(bench.accept("[2001:db8:0:1::3]:40000").is_none());
}

#[tokio::test]
async fn a_connection_whose_address_was_banned_meanwhile_becomes_no_link() {
    let mut bench = Bench::new().await;
    let (named, heard_of) = (url("ws://192.0.2.1:7545"), url("ws://192.0.2.1:7546"));
    bench.driver.dials.want(named.clone(), Instant::now());
    bench.driver.dials.learn(heard_of.clone(), None, Instant::now());
    let node = bench.node.handle.clone();
    let until = node.now().plus_millis(60_000);
    node.ban("192.0.2.1".parse().unwrap(), until, "for a test").await.unwrap();
    assert!(bench.accept(LIAR).is_none());
    assert!(bench.dial(&heard_of, "192.0.2.1:7546").is_none());
    assert!(bench.dial(&named, "192.0.2.1:7545").is_some());
}

#[tokio::test]
async fn whoever_hangs_up_before_its_bodies_are_checked_is_banned_all_the_same() {
    let mut bench = Bench::new().await;
    let liar = bench.accept(LIAR).unwrap();
    bench.hangs_up_after_a_wrong_body(liar.link).await;
    assert_eq!(bench.banned(), ["192.0.2.1"]);
    let named = url("ws://192.0.2.2:7545");
    bench.driver.dials.want(named.clone(), Instant::now());
    let operators = bench.dial(&named, "192.0.2.2:7545").unwrap();
    bench.hangs_up_after_a_wrong_body(operators.link).await;
    let here = bench.accept("127.0.0.1:40000").unwrap();
    bench.hangs_up_after_a_wrong_body(here.link).await;
    assert_eq!(bench.banned(), ["192.0.2.1"]);
}

#[tokio::test]
async fn only_a_check_with_a_right_body_is_credited() {
    let mut bench = Bench::new().await;
    let link = bench.accept(LIAR).unwrap().link;
    let spec = bench.node.handle.spec().clone();
    let block = Branch::from_genesis(&spec).grow(1, "a").blocks.remove(0);
    let header = TipState::genesis(&spec);
    let header = header.check_next(&spec, &block.header, block.header.timestamp).unwrap();
    let right = header.with_records(&spec, block.records).unwrap();
    for (blocks, is_credited) in [(Vec::new(), false), (vec![right], true)] {
        let first = Height::new(1);
        let checked = BinaryInput::Checked { link, download: 1, first, blocks, fault: None };
        bench.happens(Event::Checked { checked, to_ban: None });
        let stats = &bench.driver.table.links[&link].stats;
        assert_eq!(stats.last_new_block().is_some(), is_credited);
        assert!(stats.last_new_headers().is_none(), "a body is no header");
    }
}
