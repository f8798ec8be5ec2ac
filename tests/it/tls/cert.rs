//! `jenny cert`, from nothing to a private network.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::process::{Jenny, Running, until};

fn cert(directory: &Path, words: &str) -> Jenny {
    let mut command = Jenny::new("cert").words(words);
    command.0.current_dir(directory);
    command
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn three_commands_make_a_private_network() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    cert(directory.path(), "new-ca").done().ok();
    let start = |name: &str, more: &str| {
        let data = path(name);
        let init = Jenny::new("init").words("--chain dev").arg("--data-dir", &data);
        init.done().ok();
        let issued = cert(directory.path(), &format!("issue {name}.example 127.0.0.1")).done();
        assert!(issued.err.contains("next: copy these two files to the node"), "{}", issued.err);
        // As `>> jenny.toml` does it.
        let file = data.join("jenny.toml");
        let settings = fs::read_to_string(&file).unwrap() + &issued.ok();
        fs::write(&file, settings).unwrap();
        let words = format!("--api-listen 127.0.0.1:0 --p2p-listen 127.0.0.1:0 {more}");
        Running::start(Jenny::new("run").words(&words).arg("--data-dir", &data))
    };
    let one = start("one", "");
    let url = one.ready.split_whitespace().find_map(|part| part.strip_prefix("p2p=")).unwrap();
    assert!(url.starts_with("wss://127.0.0.1:"), "{url}");
    let two = start("two", &format!("--peer {url}"));
    one.mine(&["a record"]);
    let tip = |node: &Running| {
        let status: serde_json::Value = serde_json::from_str(&node.get("/v1/status").1).unwrap();
        (status["tip"]["height"].as_u64(), status["certificates"][0]["port"].clone())
    };
    until("the block is at the other node", || tip(&two) == (Some(1), "p2p".into()));
    let peers: serde_json::Value = serde_json::from_str(&two.get("/v1/peers").1).unwrap();
    assert_eq!(peers[0]["tls"], true, "{peers}");
    assert_eq!(mode(&path("certs/one.example.key")), 0o600);
    assert_eq!(mode(&path("certs/ca.key")), 0o600);
    assert_eq!(mode(&path("certs/ca.pem")), 0o644);
    one.stop();
    two.stop();
}

#[test]
fn nothing_is_ever_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let error = cert(directory.path(), "issue a").done().failed(2);
    assert!(error.contains("there is no CA in ./certs"), "{error}");
    assert!(error.contains("hint: make one with `jenny cert new-ca`"), "{error}");
    cert(directory.path(), "new-ca").done().ok();
    let key = fs::read(path("certs/ca.key")).unwrap();
    let error = cert(directory.path(), "new-ca").done().failed(1);
    assert!(error.contains("certs/ca.pem exists already, and is not replaced"), "{error}");
    assert_eq!(fs::read(path("certs/ca.key")).unwrap(), key);
    cert(directory.path(), "issue a").done().ok();
    assert!(cert(directory.path(), "issue a").done().failed(1).contains("a.pem exists already"));
    // A key alone is in the way too, and nothing is left beside it.
    fs::write(path("certs/b.key"), "mine").unwrap();
    assert!(cert(directory.path(), "issue b").done().failed(1).contains("b.key exists already"));
    assert_eq!(fs::read_to_string(path("certs/b.key")).unwrap(), "mine");
    assert!(!path("certs/b.pem").exists());
    cert(directory.path(), "issue a --out-dir new").done().ok();
    let error = cert(directory.path(), "issue https://a").done().failed(2);
    assert!(error.contains("neither a host name nor an IP address"), "{error}");
}

#[test]
fn a_certificate_can_be_looked_into() {
    let directory = tempfile::tempdir().unwrap();
    cert(directory.path(), "new-ca --name Test --days 30").done().ok();
    let issued = cert(directory.path(), "issue a.example ::1").done();
    assert!(issued.err.contains("for a.example, ::1, until "), "{}", issued.err);
    let shown = cert(directory.path(), "show certs/a.example.pem").done().ok();
    assert!(shown.contains("issuer    CN=Test\n"), "{shown}");
    // No longer than its CA.
    let end = |text: &str| {
        text.lines().find_map(|line| {
            line.strip_prefix("until     ")?.split_once(',').map(|(end, _)| end.to_owned())
        })
    };
    let ca = cert(directory.path(), "show certs/ca.pem").done().ok();
    assert!(end(&shown).is_some() && end(&shown) == end(&ca), "{shown}{ca}");
    assert!(shown.lines().all(|line| line.len() <= 80), "{shown}");
    let shown = cert(directory.path(), "show certs/ca.pem --json").done().ok();
    let list: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&list[0]["authority"], &list[0]["names"]), (&true.into(), &serde_json::json!([])));
}
