//! Who is let in, and who makes room.

use super::*;

struct Home {
    table: Table,
    config: P2pConfig,
    next: u64,
}

impl Home {
    fn new(max_accepted: usize) -> Self {
        let config = P2pConfig { max_accepted, ..P2pConfig::default() };
        Self { table: Table::default(), config, next: 0 }
    }

    /// Lets a peer in, if there is room.
    fn come(&mut self, address: &str) -> bool {
        let address = address.parse().unwrap();
        if !self.table.admits(address, &self.config, Instant::now()) {
            return false;
        }
        let (waiting, _) = mpsc::channel(1);
        let (close, _) = oneshot::channel();
        let live = Live {
            address,
            direction: Direction::Accepted,
            dialect: Dialect::Seed,
            agent: None,
            since: Timestamp::from_millis(0),
            stats: Arc::new(Stats::new()),
            waiting,
            close: Some(close),
            stop_range: Arc::default(),
            redial_late: false,
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
    for (address, most) in [("192.0.2", 4), ("198.51.100", 4), ("127.0.0", 20)] {
        let came = (1..=20).filter(|host| home.come(&format!("{address}.{host}:1"))).count();
        assert_eq!(came, most, "{address}");
    }
    let six = |host: u32| format!("[2001:db8:0:1::{host:x}]:1");
    assert_eq!((1..=20).filter(|&host| home.come(&six(host))).count(), 4);
    assert!(home.come("[2001:db8:0:2::1]:1"), "another /64");
    assert!(!home.come("[::ffff:192.0.2.77]:1"), "IPv4 in IPv6 is IPv4");
}

#[tokio::test(start_paused = true)]
async fn the_link_silent_longest_makes_room_once_it_was_silent_for_thirty_seconds() {
    let mut home = Home::new(10);
    for _ in 0..10 {
        assert!(home.come("127.0.0.1:1"));
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    assert!(!home.come("127.0.0.1:2"), "nobody was silent for long");
    tokio::time::advance(Duration::from_secs(40)).await;
    // The eight oldest are kept, so 8 and 9 are left, and 8 has just spoken.
    home.table.links[&LinkId(8)].stats.valid();
    assert!(home.come("127.0.0.1:2"));
    assert_eq!(home.live(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]);
    assert!(!home.come("127.0.0.1:3"), "all others are kept or fresh");
}

#[tokio::test(start_paused = true)]
async fn links_that_delivered_a_new_block_are_kept() {
    let mut home = Home::new(10);
    for _ in 0..10 {
        assert!(home.come("127.0.0.1:1"));
    }
    home.table.links[&LinkId(9)].stats.new_block();
    tokio::time::advance(Duration::from_secs(40)).await;
    assert!(home.come("127.0.0.1:2"));
    assert_eq!(home.live(), [0, 1, 2, 3, 4, 5, 6, 7, 9, 10]);
}
