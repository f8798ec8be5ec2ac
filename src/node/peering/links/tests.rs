//! The two ends of peer networking.

use super::*;
use crate::node::SyncState;

fn peer() -> PeerUrl {
    "ws://localhost:7545".parse().unwrap()
}

#[tokio::test]
async fn without_peer_networking_every_dial_is_refused_and_the_table_is_empty() {
    let links = Links::none();
    let error = links.dial(&peer()).await.unwrap_err();
    assert_eq!(error.to_string(), "this node was started without peer networking");
    assert!(links.table().is_empty());
}

#[tokio::test]
async fn a_dial_gets_the_servers_answer() {
    let (links, mut server) = Links::channel();
    let refused = DialError::unreached("connection refused");
    let answers = [Ok(()), Err(refused.clone())];
    let serve = async move {
        for answer in answers {
            let command = server.commands.recv().await.unwrap();
            let LinkCommand::Dial { peer: asked, reply, .. } = command else { panic!() };
            assert_eq!(asked, peer());
            reply.send(answer).unwrap();
        }
    };
    let ask = async {
        assert_eq!(links.dial(&peer()).await, Ok(()));
        assert_eq!(links.dial(&peer()).await, Err(refused));
    };
    tokio::join!(serve, ask);
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error() {
    let (links, server) = Links::channel();
    drop(server);
    assert!(links.dial(&peer()).await.unwrap_err().to_string().contains("stopped"));
}

#[test]
fn the_table_is_the_servers() {
    let (links, server) = Links::channel();
    let address = "[::1]:7545".parse().unwrap();
    let link = LinkInfo::new(address, Direction::Accepted, Timestamp::from_millis(1));
    server.table.send_replace(vec![link.clone()]);
    assert_eq!(links.table(), [link]);
}

#[test]
fn the_progress_is_the_servers_and_idle_without_one() {
    let (links, server) = Links::channel();
    assert_eq!(links.progress(), SyncProgress::default());
    let progress = SyncProgress { state: SyncState::Blocks, remaining: 7, ..links.progress() };
    server.progress.send_replace(progress.clone());
    assert_eq!(links.progress(), progress);
    assert_eq!(Links::none().progress().state, SyncState::Idle);
}
