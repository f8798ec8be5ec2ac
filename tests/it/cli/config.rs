//! `jenny config`, `jenny completions` and `jenny man`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::process::Jenny;

fn config(words: &str, dir: &Path) -> Jenny {
    let mut command = Jenny::new("config").words(words).arg("--data-dir", dir);
    command.0.env_remove("JENNY_P2P_LISTEN");
    command
}

#[test]
fn every_setting_is_shown_with_its_origin() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("jenny.toml");
    fs::write(&file, "chain = \"dev\"\n\n[mining]\nqueue = 7\n").unwrap();
    let show = |words: &str| {
        let command = config(&format!("show {words}"), dir.path());
        command.env("JENNY_STORE_CACHE", "64MiB").env("JENNY_API_LISTEN", "127.0.0.1:1")
    };
    let out = show("--no-mine --peer ws://192.0.2.1:1").done().ok();
    let shown = file.display();
    let near = |key: &str, origin: &str| {
        let start = out.find(&format!("\n{key} = ")).unwrap_or_else(|| panic!("{key}: {out}"));
        let line = out[start + 1..].lines().next().unwrap();
        let above = out[..start].lines().last().unwrap();
        let named = format!("# {origin}");
        assert!(line.ends_with(&named) || above == named, "{key}: {above}\n{line}");
    };
    near("chain", &format!("{shown}:1"));
    near("mining.queue", &format!("{shown}:4"));
    near("store.cache", "JENNY_STORE_CACHE");
    near("api.listen", "JENNY_API_LISTEN");
    near("mining.enabled", "--no-mine");
    near("p2p.max_dialled", "default");
    // What is used, not what the table of defaults says.
    assert!(out.contains("\nmining.interval = \"0s\" "), "{out}");
    assert!(out.contains("mining.relayed_delay: 2s to 5s at random"), "{out}");
    assert!(out.contains("\np2p.listen = \"127.0.0.1:7545\" "), "{out}");
    assert!(out.contains("# peer ws://192.0.2.1:1"), "{out}");
    // It is a settings file.
    let again = dir.path().join("again.toml");
    fs::write(&again, &out).unwrap();
    let command = config("show --json", dir.path()).arg("--config", &again);
    let json: serde_json::Value = serde_json::from_str(&command.done().ok()).unwrap();
    assert_eq!(json["keys"]["mining.queue"]["value"], 7);
    assert_eq!(json["keys"]["mining.queue"]["origin"], "file");
    assert_eq!(json["keys"]["log.level"]["value"], "info");
    let json: serde_json::Value = serde_json::from_str(&show("--json").done().ok()).unwrap();
    assert_eq!(json["file"], shown.to_string());
    assert_eq!(json["keys"]["mining.queue"]["place"], format!("{shown}:4"));
    assert_eq!(json["keys"]["api.listen"]["place"], "JENNY_API_LISTEN");
    assert_eq!(json["keys"]["store.min_free"]["place"], serde_json::Value::Null);
}

#[test]
fn paths_are_shown_from_where_they_start() {
    let dir = tempfile::tempdir().unwrap();
    let tls = "cert = \"n.pem\"\nkey = \"keys/n.key\"\n";
    let text = format!(
        "peers = \"p.json\"\n\
         [api]\nusers_file = \"u.toml\"\nplain_listen = \":1\"\n[api.tls]\n{tls}\
         [p2p]\nplain_listen = \":2\"\n[p2p.tls]\n{tls}ca = \"../ca.pem\"\n"
    );
    fs::write(dir.path().join("jenny.toml"), text).unwrap();
    let json = config("show --json", dir.path()).env("JENNY_API_TLS_KEY", "k/here.key").done().ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let shown = dir.path().display();
    for (key, value) in [
        ("peers", format!("{shown}/p.json")),
        ("api.users_file", format!("{shown}/u.toml")),
        ("api.tls.cert", format!("{shown}/n.pem")),
        // A path of the environment starts at the working directory.
        ("api.tls.key", "k/here.key".to_owned()),
        ("p2p.tls.cert", format!("{shown}/n.pem")),
        ("p2p.tls.key", format!("{shown}/keys/n.key")),
        ("p2p.tls.ca", format!("{shown}/../ca.pem")),
        ("api.plain_listen", "127.0.0.1:1".to_owned()),
        ("p2p.plain_listen", "127.0.0.1:2".to_owned()),
    ] {
        assert_eq!(json["keys"][key]["value"], value, "{key}");
    }
}

#[test]
fn settings_that_a_node_accepts_are_checked_without_a_trace() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    assert_eq!(config("check", &dir).done().ok(), "ok\n");
    assert!(!dir.exists());
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(dir.join("jenny.toml"), "mining.queue = 7\n").unwrap();
    let done = config("check", &dir).env("JENNY_MINING_QEUE", "1").done();
    assert_eq!(done.code, Some(0));
    assert!(done.err.contains("warning: ") && done.err.contains("did you mean JENNY_MINING_QUEUE"));
    assert!(done.out.starts_with("ok\n") && done.out.contains("mining.queue = 7"), "{}", done.out);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let word = around.path().join("word");
    fs::write(&word, "short").unwrap();
    fs::create_dir(&dir).unwrap();
    let file = dir.join("jenny.toml");
    fs::write(&file, "[mining]\nqeue = 7\n").unwrap();
    let text = config("check", &dir).done().failed(2);
    assert!(text.contains("jenny.toml") && text.contains("did you mean `mining.queue`?"), "{text}");
    fs::write(&file, "chain = \"none.json\"\npeers = \"none.json\"\n").unwrap();
    let command = config("check --api-listen 0.0.0.0:3000", &dir);
    let text = command.done().failed(2);
    for part in [
        "none.json cannot be read",
        "none.json does not exist",
        "0.0.0.0:3000 with the default user",
        "error: 3 settings are wrong",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    fs::write(&file, "[api]\nusers_file = \"none.toml\"\n").unwrap();
    let text = config("check", &dir).done().failed(2);
    assert!(text.contains("none.toml, which `api.users_file` names, does not exist"), "{text}");
    fs::write(&file, "[p2p.tls]\ncert = \"none.pem\"\nkey = \"none.key\"\nca = \"ca.pem\"\n")
        .unwrap();
    let text = config("check", &dir).done().failed(2);
    assert!(text.contains(".pem") && text.contains("hint: "), "{text}");
    fs::write(&file, "").unwrap();
    let command = config("check", &dir).env("JENNY_USER", "ann");
    let text = command.env("JENNY_PASSWORD_FILE", &word).done().failed(2);
    assert!(text.contains("at least 12"), "{text}");
    fs::write(around.path().join("peers.json"), "[\"nonsense\"]").unwrap();
    let done = config("check", &dir).done();
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.err.contains("invalid peer address `nonsense`"), "{}", done.err);
}

#[test]
fn completions_and_pages_come_without_a_node() {
    for shell in ["bash", "zsh", "fish"] {
        let out = Jenny::new("completions").words(shell).done().ok();
        assert!(out.contains("jenny") && out.contains("passwd"), "{shell}");
    }
    Jenny::new("completions").words("cobol").done().failed(2);
    let page = Jenny::new("man").done().ok();
    assert!(
        page.contains(".TH jenny 1") && page.contains("JENNY_DATA_DIR") || page.contains(".TH")
    );
    let dir = tempfile::tempdir().unwrap();
    Jenny::new("man").arg("--dir", dir.path()).done().ok();
    assert!(dir.path().join("jenny-user-add.1").exists());
    let text = Jenny::new("man").arg("--dir", dir.path().join("none")).done().failed(1);
    assert!(text.contains("cannot be written into"), "{text}");
}
