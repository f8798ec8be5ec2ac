//! Datagrams to the service manager, with real sockets.

use super::*;

fn received(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 200];
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let length = socket.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

#[tokio::test]
async fn a_message_arrives_at_a_path_and_at_a_socket_that_replaced_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify");
    let notifier = Notifier::to(path.to_str().unwrap()).unwrap();
    let first = UnixDatagram::bind(&path).unwrap();
    notifier.send("READY=1").await.unwrap();
    assert_eq!(received(&first), "READY=1");

    drop(first);
    std::fs::remove_file(&path).unwrap();
    notifier.send("lost").await.unwrap_err();
    let second = UnixDatagram::bind(&path).unwrap();
    notifier.send("WATCHDOG=1\nSTATUS=fine").await.unwrap();
    assert_eq!(received(&second), "WATCHDOG=1\nSTATUS=fine");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_message_arrives_at_an_abstract_socket() {
    use std::os::linux::net::SocketAddrExt as _;
    let name = format!("jenny-notifier-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    Notifier::to(&format!("@{name}")).unwrap().send("READY=1").await.unwrap();
    assert_eq!(received(&socket), "READY=1");
}

#[tokio::test]
async fn a_manager_that_does_not_read_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify");
    let _socket = UnixDatagram::bind(&path).unwrap();
    let notifier = Notifier::to(path.to_str().unwrap()).unwrap();
    tokio::time::pause();
    // Its queue holds a few hundred datagrams at most.
    for _ in 0..100_000 {
        if let Err(error) = notifier.send("WATCHDOG=1").await {
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            return;
        }
    }
    panic!("the queue has no end");
}

#[test]
fn other_names_are_refused() {
    for name in ["", "notify", "./notify", "vsock:2:1234"] {
        Notifier::to(name).unwrap_err();
    }
    Notifier::to(&format!("/{}", "x".repeat(200))).unwrap_err();
}
