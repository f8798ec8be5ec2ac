//! Peers that come and go.

use std::net::Ipv4Addr;

use super::*;

fn link(port: u16) -> LinkInfo {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    LinkInfo::new(address, Direction::Dialled, Timestamp::from_millis(7))
}

#[tokio::test]
async fn links_that_come_and_go_are_told_once() {
    let (links, server) = Links::channel();
    server.table.send_replace(vec![link(1)]);
    let mut network = Network::new(&links, &Filter::parse(None, None).unwrap());
    let mut counted = link(2);
    counted.received = 9;
    server.table.send_replace(vec![link(2)]);
    let told = network.next().await;
    let data = |port| {
        format!("{{\"address\":\"127.0.0.1:{port}\",\"direction\":\"dialled\",\"since\":7}}")
    };
    let expected = format!(
        "event: peer.disconnected\ndata: {}\n\nevent: peer.connected\ndata: {}\n\n",
        data(1),
        data(2)
    );
    assert_eq!(told.as_str(), expected);
    // Counters that move are no event.
    server.table.send_replace(vec![counted]);
    server.table.send_replace(Vec::new());
    let told = network.next().await;
    assert_eq!(told.as_str(), format!("event: peer.disconnected\ndata: {}\n\n", data(2)));
}

#[tokio::test]
async fn progress_is_told_when_it_moves() {
    let (links, server) = Links::channel();
    let filter = Filter::parse(Some("sync.progress"), None).unwrap();
    let mut network = Network::new(&links, &filter);
    server.table.send_replace(vec![link(1)]);
    let (at, target) = (Height::new(3), Height::new(9));
    let state = SyncState::Blocks;
    let moved = SyncProgress { state, at, target, remaining: 6, ..SyncProgress::default() };
    server.progress.send_replace(moved);
    let expected = "event: sync.progress\ndata: {\"state\":\"blocks\",\"at\":3,\"target\":9,\"remaining\":6}\n\n";
    assert_eq!(network.next().await.as_str(), expected);
}
