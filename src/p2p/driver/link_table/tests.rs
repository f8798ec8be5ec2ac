//! Who is let in, and who makes room.

use super::*;
use crate::chain::{Hash, Height};

struct Home {
    table: Table,
    config: P2pConfig,
    next: u64,
}

impl Home {
    fn new(max_accepted: usize) -> Self {
        let config = P2pConfig { max_accepted, ..P2pConfig::default() };
        Self { table: Table::new(7), config, next: 0 }
    }

    /// Lets a peer in, if there is room.
    fn come(&mut self, address: &str) -> bool {
        let address = address.parse().unwrap();
        if !self.table.admits(address, &self.config) {
            return false;
        }
        let (waiting, _) = mpsc::channel(1);
        let (close, _) = oneshot::channel();
        let live = Live {
            address,
            direction: Direction::Accepted,
            dialect: Dialect::Json,
            tls: false,
            agent: None,
            since: Timestamp::from_millis(0),
            stats: Arc::default(),
            waiting,
            close: Some(close),
            stop_range: Arc::default(),
            redial_late: false,
            fault: None,
        };
        self.table.links.insert(LinkId(self.next), live);
        self.next += 1;
        true
    }

    fn live(&self) -> Vec<u64> {
        let live = self.table.links.iter().filter(|(_, live)| live.close.is_some());
        live.map(|(link, _)| link.0).collect()
    }
}

#[tokio::test]
async fn four_links_of_one_prefix_are_let_in_and_any_number_of_loopback() {
    let mut home = Home::new(100);
    for (address, max) in [("192.0.2", 4), ("198.51.100", 4), ("127.0.0", 20)] {
        let came = (1..=20).filter(|host| home.come(&format!("{address}.{host}:1"))).count();
        assert_eq!(came, max, "{address}");
    }
    let six = |host: u32| format!("[2001:db8:0:1::{host:x}]:1");
    assert_eq!((1..=20).filter(|&host| home.come(&six(host))).count(), 4);
    assert!(home.come("[2001:db8:0:2::1]:1"), "another /64");
    assert!(!home.come("[::ffff:192.0.2.77]:1"), "IPv4 in IPv6 is IPv4");
}

#[tokio::test]
async fn a_link_that_keeps_talking_makes_room_as_one_that_is_silent_does() {
    let mut home = Home::new(16);
    // Honest peers from 12 networks, then 4 links of one that always have said something just now.
    for net in 1..=12 {
        assert!(home.come(&format!("198.{net}.0.1:1")));
    }
    for host in 1..=4 {
        assert!(home.come(&format!("192.0.2.{host}:1")));
    }
    let drip = |home: &Home| {
        for link in home.live().into_iter().filter(|link| *link >= 12) {
            home.table.links[&LinkId(link)].stats.received(10);
        }
    };
    for net in 1..=3 {
        drip(&home);
        assert!(home.come(&format!("203.{net}.113.1:1")));
    }
    let honest: Vec<_> = (0..12).chain(16..19).collect();
    let kept = home.live().into_iter().filter(|link| honest.contains(link)).count();
    assert_eq!(kept, 15, "the one network made room for all three: {:?}", home.live());
}

#[tokio::test]
async fn links_that_delivered_blocks_headers_or_short_round_trips_are_kept() {
    let mut home = Home::new(8);
    let tip = BlockId { height: Height::new(5), hash: Hash::ZERO };
    for _ in 0..8 {
        assert!(home.come("127.0.0.1:1"));
    }
    home.table.links[&LinkId(7)].stats.new_block();
    home.table.links[&LinkId(6)].stats.tip(tip);
    home.table.extended_to(tip);
    let stats = &home.table.links[&LinkId(5)].stats;
    stats.ponged(&stats.ping(1));
    assert!(home.come("127.0.0.1:2"));
    // The oldest is kept for its group, two more for their age.
    assert_eq!(home.live(), [0, 1, 2, 3, 5, 6, 7, 8]);
}

#[tokio::test]
async fn a_peer_is_refused_when_its_own_network_holds_most_and_all_of_that_is_kept() {
    let mut home = Home::new(8);
    for net in 1..=7 {
        assert!(home.come(&format!("198.{net}.0.1:1")));
    }
    assert!(home.come("192.0.2.1:1"));
    home.table.links[&LinkId(7)].stats.new_block();
    assert!(!home.come("192.0.2.2:1"));
    assert_eq!(home.live().len(), 8);
    let mut none = Home::new(0);
    assert!(!none.come("192.0.2.1:1"), "nobody can make room");
}

#[tokio::test]
async fn a_link_that_is_being_closed_counts_until_its_socket_is_gone() {
    let close = |home: &mut Home| {
        for live in home.table.links.values_mut() {
            live.close(Close { code: 1002, reason: "a fault" });
        }
    };
    let mut home = Home::new(10);
    assert_eq!((1..=20).filter(|host| home.come(&format!("192.0.2.{host}:1"))).count(), 4);
    close(&mut home);
    assert!(!home.come("192.0.2.30:1"), "four sockets of this prefix are there still");
    home.table.links.pop_first();
    assert!(home.come("192.0.2.30:1"));

    let mut home = Home::new(10);
    let mut came = 0;
    while came < 1_000 && home.come("127.0.0.1:1") {
        close(&mut home);
        came += 1;
    }
    assert_eq!(came, 10 + MAX_CLOSING);
    home.table.links.pop_first();
    assert!(home.come("127.0.0.1:1"));
}
