//! Peers' files that are refused.

use super::*;

#[test]
fn peers_are_listened_for_beyond_loopback_once_some_are_named_but_never_on_dev() {
    let (jenny, dev) = (Spec::jenny(), Spec::dev());
    let at = |names_peers, spec| listen(None, names_peers, spec).to_string();
    assert_eq!(at(false, &jenny), "127.0.0.1:7545");
    assert_eq!(at(true, &jenny), "0.0.0.0:7545");
    assert_eq!((at(false, &dev), at(true, &dev)), (at(false, &jenny), at(false, &jenny)));
    let chosen: SocketAddr = "[::]:1".parse().unwrap();
    for (names_peers, spec) in [(false, &jenny), (true, &jenny), (false, &dev), (true, &dev)] {
        assert_eq!(listen(Some(chosen.into()), names_peers, spec), chosen);
    }
    // A port alone keeps the address.
    let port: Option<Listen> = Some(":9".parse().unwrap());
    assert_eq!(listen(port, false, &jenny).to_string(), "127.0.0.1:9");
    assert_eq!(listen(port, true, &jenny).to_string(), "0.0.0.0:9");
}

#[test]
fn a_file_of_more_peers_than_are_known_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("peers.json");
    for (count, is_read) in [(1_024, true), (1_025, false)] {
        let peers: Vec<_> = (0..count).map(|port| format!("ws://192.0.2.1:{}", port + 1)).collect();
        std::fs::write(&file, serde_json::to_vec(&peers).unwrap()).unwrap();
        match read(&file, true) {
            Ok(peers) => assert!(is_read && peers.len() == count),
            Err(error) => {
                assert!(!is_read);
                assert!(error.to_string().contains("1025 entries; the limit is 1024"), "{error}");
            }
        }
    }
}

#[test]
fn a_byte_order_mark_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("peers.json");
    std::fs::write(&file, "\u{feff}[\"ws://192.0.2.1:7545\"]\r\n").unwrap();
    let peers = read(&file, true).unwrap();
    assert_eq!(peers.iter().map(PeerUrl::as_str).collect::<Vec<_>>(), ["ws://192.0.2.1:7545"]);
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("peers.json");
    rustix::fs::mkfifoat(rustix::fs::CWD, &file, rustix::fs::Mode::RWXU).unwrap();
    for required in [true, false] {
        let error = read(&file, required).unwrap_err().to_string();
        assert!(error.ends_with("peers.json: it is not a regular file"), "{error}");
    }
}
