//! What is dialled beyond the links that are kept, and what is dialled first after a restart.

use std::time::Duration;

use super::*;

impl Bench {
    /// A dial that the driver is to make reaches the peer.
    fn reach(&mut self, address: &str) -> Option<Ticket> {
        let (arrival, mut ticket) = arrival(address);
        self.happens(Event::Dialled { peer: url(&format!("ws://{address}")), arrival });
        ticket.try_recv().ok()
    }

    fn due(&mut self) -> Vec<PeerUrl> {
        let max = self.driver.context.config.max_dialled;
        self.driver.dials.due(Instant::now(), max + usize::from(self.driver.search.is_stale))
    }

    fn take_up_reached(&mut self, peers: &[&str]) {
        for peer in peers {
            let (peer, last) = (url(&format!("ws://{peer}")), Timestamp::from_millis(1));
            self.driver.dials.reached(peer, last, false, Instant::now());
        }
    }
}

/// This many seconds pass at once.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn the_four_oldest_links_of_our_own_choice_are_dialled_first_after_a_restart() {
    let mut bench = Bench::new().await;
    let peers = ["192.0.2.1:1", "198.51.100.1:1", "203.0.113.1:1", "8.8.8.8:1", "7.7.7.7:1"];
    bench.take_up_reached(&peers);
    bench.due();
    let links: Vec<_> = peers.iter().map(|peer| bench.reach(peer).unwrap().link).collect();
    bench.book().await;
    let anchors = bench.node.handle.anchors().await.unwrap();
    let oldest = ["192.0.2.1:1", "198.51.100.1:1", "203.0.113.1:1", "8.8.8.8:1"];
    assert_eq!(anchors, oldest.map(|peer| format!("ws://{peer}")));
    // Links that are lost stay anchors until others take their place.
    for link in links {
        bench.happens(Event::Ended { link, reason: "for a test".to_owned() });
    }
    bench.driver.note_anchors();
    bench.book().await;
    assert_eq!(bench.node.handle.anchors().await.unwrap(), anchors);

    bench.driver.dials = Dials::new(|| 0);
    let later = KnownPeer {
        address: "ws://9.9.9.9:1".to_owned(),
        last_success: u64::MAX,
        failures: 0,
        learned: false,
    };
    bench.node.handle.remember_peer(later).await.unwrap();
    bench.driver.take_up_known().await;
    let mut first: Vec<_> = bench.due().into_iter().take(4).collect();
    first.sort();
    assert_eq!(first, oldest.map(|peer| url(&format!("ws://{peer}"))));
}

#[tokio::test]
async fn an_anchor_that_left_the_book_is_none() {
    let mut bench = Bench::new().await;
    bench.node.handle.set_anchors(vec!["ws://192.0.2.1:1".to_owned()]).await.unwrap();
    bench.driver.take_up_known().await;
    assert!(bench.due().is_empty());
}

#[tokio::test]
async fn a_feeler_becomes_no_link_and_is_noted_as_reached() {
    let mut bench = Bench::new().await;
    let peer = url("ws://192.0.2.1:1");
    bench.driver.dials.learn(peer.clone(), None, Instant::now());
    assert_eq!(bench.driver.dials.feeler(Instant::now()), Some(peer.clone()));
    assert!(bench.reach("192.0.2.1:1").is_none());
    assert!(bench.driver.table.links.is_empty());
    let book = bench.book().await;
    assert!(book.len() == 1 && !book[0].learned && book[0].last_success > 0, "{book:?}");
}

#[tokio::test]
async fn one_more_link_is_dialled_while_the_tip_stands_still_below_what_peers_name() {
    let mut bench = Bench::new().await;
    let peers: Vec<String> = (1..=9).map(|number| format!("{number}.1.0.1:1")).collect();
    let peers: Vec<&str> = peers.iter().map(String::as_str).collect();
    bench.take_up_reached(&peers);
    let due = bench.due();
    assert_eq!(due.len(), 8);
    let reach = |bench: &mut Bench, peer: &PeerUrl| {
        bench.reach(peer.as_str().trim_start_matches("ws://")).unwrap()
    };
    let mut tickets: Vec<_> = due.iter().map(|peer| reach(&mut bench, peer)).collect();
    let claimant = bench.driver.table.links.get(&tickets[3].link).unwrap();
    claimant.stats.height(Height::new(9));
    bench.driver.search_if_stale();
    assert!(bench.due().is_empty(), "not before ten block times");
    pass(100).await;
    bench.driver.search_if_stale();
    let due = bench.due();
    assert_eq!(due.len(), 1);
    tickets.push(reach(&mut bench, &due[0]));
    // Two gave a block; of the others the youngest goes.
    for useful in [2, 8] {
        bench.driver.table.links.get(&tickets[useful].link).unwrap().stats.new_block();
    }
    bench.driver.tip_moved();
    let ended: Vec<_> = tickets.iter_mut().map(closed).collect();
    assert_eq!(ended.iter().flatten().collect::<Vec<_>>(), [&1000]);
    assert_eq!(ended[7], Some(1000));
}

#[tokio::test]
async fn a_tip_that_stands_still_where_no_peer_names_more_costs_no_link() {
    let mut bench = Bench::new().await;
    pass(10_000).await;
    bench.driver.search_if_stale();
    assert!(!bench.driver.search.is_stale);
}

#[tokio::test]
async fn a_node_that_dials_nobody_sleeps() {
    let mut bench = Bench::new().await;
    Arc::get_mut(&mut bench.driver.context).unwrap().config.max_dialled = 0;
    bench.driver.dial_due();
    bench.driver.timers();
    assert!(bench.driver.next_wake() > Instant::now());
    bench.stop().await;
}
