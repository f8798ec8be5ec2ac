//! `jenny run`: how it starts, what it says and how it ends.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Instant;

use jenny_chain::chain::Spec;
use rustix::process::Signal;

use crate::process::{Chain, Jenny, PATIENCE, Running, tamper, until};

const JENNY: &str = "f0951e80830e50c655a00f321c956a47e7caa7e91ad7044193ae30783acaa8aa";

fn run(dir: &Path) -> Jenny {
    Jenny::new("run").arg("--data-dir", dir).words("--api-listen 127.0.0.1:0")
}

/// Opens a request that will never be whole, and waits until the node wants the rest.
fn half_a_request(node: &Running) -> TcpStream {
    let address = node.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = "POST /mineBlock HTTP/1.1\r\nHost: localhost\r\n\
                Authorization: Basic amVubnk6MTIzNA==\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\nExpect: 100-continue\r\n\r\n";
    socket.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 21];
    socket.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue");
    socket
}

#[test]
fn one_line_says_that_it_is_ready_and_nothing_else_is_printed() {
    let chain = Chain::long(12);
    let node = Running::dev(&chain.dir());
    let port = node.url.rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let peers = node.ready.split(' ').find_map(|part| part.strip_prefix("p2p=")).unwrap();
    assert!(peers.starts_with("ws://127.0.0.1:"), "{peers}");
    let expected = format!(
        "ready api=http://127.0.0.1:{port} p2p={peers} chain=dev height=12 tip={}\n",
        chain.hash(12)
    );
    assert_eq!(node.ready, expected);
    assert_eq!(node.get("/"), (200, "dev chain".to_owned()));
    node.mine(&["x"]);
    node.get("/nonexistent");
    let ended = node.end(Signal::TERM);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""));
}

#[test]
fn an_empty_directory_gets_the_chain_jenny() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let node = Running::start(run(&dir));
    assert!(
        node.ready.ends_with(&format!(" chain=jenny height=0 tip={JENNY}\n")),
        "{}",
        node.ready
    );
    node.mine(&["on the real chain"]);
    node.stop();
    // Without --chain whatever is there is opened.
    let node = Running::start(run(&dir));
    assert!(node.ready.contains(" chain=jenny height=1 "), "{}", node.ready);
    node.stop();
}

#[test]
fn another_chain_is_refused() {
    let chain = Chain::long(1);
    for command in
        [run(&chain.dir()).words("--chain jenny"), run(&chain.dir()).env("JENNY_CHAIN", "jenny")]
    {
        let text = command.done().failed(2);
        assert!(text.contains("holds chain `dev`") && text.contains("leave out --chain"), "{text}");
    }
    let node = Running::start(run(&chain.dir()));
    assert!(node.ready.contains("chain=dev height=1"));
    node.stop();
}

#[test]
fn either_signal_stops_it_in_order_in_under_five_seconds() {
    for signal in [Signal::TERM, Signal::INT] {
        let dir = tempfile::tempdir().unwrap();
        let node = Running::dev(dir.path());
        node.mine(&["x"]);
        // A client that does nothing and one that never ends its request.
        let idle = TcpStream::connect(node.url.strip_prefix("http://").unwrap()).unwrap();
        let half = half_a_request(&node);
        let ended = node.end(signal);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        println!("stopped after {:?}", ended.took);
        assert!(ended.err.trim_end().ends_with("stopped"), "{}", ended.err);
        // It has no links, and nothing of the peer network outlives the stop.
        assert!(!ended.err.contains("hang up"), "{}", ended.err);
        drop((idle, half));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_terminal_stops_a_node_in_its_background_that_writes() {
    let chain = Chain::long(1);
    let node = Running::dev(&chain.dir());
    let threads = fs::read_dir(format!("/proc/{}/task", node.id())).unwrap();
    for thread in threads {
        // A thread may end meanwhile.
        let file = thread.unwrap().path().join("status");
        let Ok(status) = fs::read_to_string(&file) else { continue };
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
        let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
        let is_held_back = mask & (1_u64 << (Signal::TTOU.as_raw() - 1)) != 0;
        // A thread that is just ending holds nothing back.
        until(&status, || is_held_back || !file.exists());
    }
    node.stop();
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::dev(dir.path());
    node.mine(&["x"]);
    let half = half_a_request(&node);
    node.signal(Signal::TERM);
    until("it is stopping", || node.log().contains("SIGTERM: stopping"));
    let ended = node.end(Signal::INT);
    assert_eq!(ended.code, Some(130), "{}", ended.err);
    assert!(ended.err.contains("error: SIGINT again: ended at once"), "{}", ended.err);
    drop(half);
    let node = Running::dev(dir.path());
    assert!(node.ready.contains("height=1"));
}

#[test]
fn an_address_in_use_is_an_error_with_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let command = Jenny::new("run").words("--chain dev").arg("--data-dir", dir.path());
    let done = command.arg("--api-listen", &address).done();
    assert_eq!((done.code, done.out.as_str()), (Some(1), ""));
    assert!(
        done.err.contains(&format!("error: the API cannot listen on {address}: ")),
        "{}",
        done.err
    );
    assert!(done.err.contains("hint: choose another address with --api-listen"), "{}", done.err);
}

#[test]
fn the_default_password_is_for_this_machine_only() {
    let dir = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let command = Jenny::new("run").arg("--data-dir", dir.path().join("data"));
        let text = command.arg("--api-listen", address).done().failed(2);
        assert!(text.contains("`jenny user add NAME --data-dir "), "{text}");
    }
    assert!(!dir.path().join("data").exists(), "nothing is created");
}

#[test]
fn an_unknown_key_is_refused_with_a_suggestion() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("jenny.toml"), "[mining]\nqeue = 3\n").unwrap();
    let text = run(dir.path()).done().failed(2);
    assert!(text.contains("jenny.toml: TOML parse error at line 2"), "{text}");
    assert!(
        text.contains("hint: `mining.qeue` is unknown; did you mean `mining.queue`?"),
        "{text}"
    );
}

#[test]
fn each_layer_of_settings_wins_over_the_one_before() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    fs::create_dir(&dir).unwrap();
    // Each of these would be refused, so a node that starts shows who won.
    let file = "mining.queue = 0\napi.listen = \"192.0.2.1:1\"\n";
    fs::write(dir.join("jenny.toml"), file).unwrap();
    let base = || Jenny::new("run").words("--chain dev --create").arg("--data-dir", &dir);
    let text = base().done().failed(2);
    assert!(text.contains("`mining.queue` must be 1 to 1024"), "{text}");
    let from_env = base().env("JENNY_MINING_QUEUE", "5").env("JENNY_API_LISTEN", "127.0.0.1:0");
    Running::start(from_env).stop();
    let from_flag = base().env("JENNY_MINING_QUEUE", "5").env("JENNY_API_LISTEN", "192.0.2.1:1");
    Running::start(from_flag.words("--api-listen 127.0.0.1:0")).stop();
    // Another file takes the place of the one in the directory.
    let other = around.path().join("other.toml");
    fs::write(&other, "api.listen = \"127.0.0.1:0\"\n").unwrap();
    Running::start(base().arg("--config", &other)).stop();
    let text = base().words("--config /nonexistent.toml").done().failed(2);
    assert!(text.contains("/nonexistent.toml cannot be read"), "{text}");
}

#[test]
fn wrong_variables_and_flags_are_errors_of_usage() {
    let dir = tempfile::tempdir().unwrap();
    let text = run(dir.path()).env("JENNY_MINING_DEADLINE", "soon").done().failed(2);
    assert!(text.contains("JENNY_MINING_DEADLINE=`soon`"), "{text}");
    let text = run(dir.path()).env("JENNY_LOG", "loud=extra=x").done().failed(2);
    assert!(text.contains("JENNY_LOG=`loud=extra=x`"), "{text}");
    let no_text = OsStr::from_bytes(b"false\xff");
    for name in ["JENNY_API_DEFAULT_USER", "JENNY_API_HOSTS", "JENNY_LOG"] {
        let text = run(dir.path()).env(name, no_text).done().failed(2);
        assert!(text.contains(&format!("the variable {name} is not UTF-8")), "{text}");
    }
    let text = Jenny::new("status").env("JENNY_PASSWORD", no_text).done().failed(2);
    assert!(text.contains("the variable JENNY_PASSWORD is not UTF-8"), "{text}");
    let text = run(dir.path()).words("--log-format xml").done().failed(2);
    assert!(text.contains("possible values: text, json"), "{text}");
    let text = run(dir.path()).words("--cache 3").done().failed(2);
    assert!(text.contains("unexpected argument '--cache'"), "{text}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is created");
}

#[test]
fn a_checkpoint_that_the_chain_contradicts_is_refused() {
    let chain = Chain::long(3);
    let pin = |hash: String| {
        let text = format!("checkpoints = [{{ height = 2, hash = \"{hash}\" }}]\n");
        fs::write(chain.dir().join("jenny.toml"), text).unwrap();
    };
    pin("0".repeat(64));
    let text = run(&chain.dir()).done().failed(2);
    assert!(text.contains("but the checkpoint says 0000"), "{text}");
    pin(chain.hash(2).to_string());
    Running::start(run(&chain.dir())).stop();
}

#[test]
fn a_second_node_on_the_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::dev(dir.path());
    let text = run(dir.path()).done().failed(3);
    assert!(text.contains(&format!("in use by process {}", node.id())), "{text}");
}

#[test]
fn a_chain_whose_files_are_gone_is_damaged() {
    let chain = Chain::long(3);
    fs::remove_dir_all(chain.dir().join("db")).unwrap();
    let commands = [
        run(&chain.dir()).words("--chain dev"),
        run(&chain.dir()),
        Jenny::new("dump").arg("--data-dir", chain.dir()),
        Jenny::new("verify").arg("--data-dir", chain.dir()),
    ];
    for command in commands {
        let text = command.done().failed(4);
        assert!(text.contains("error: the database is damaged: its files are gone"), "{text}");
        assert!(text.contains("hint: move the data directory aside"), "{text}");
    }
}

#[test]
fn a_node_whose_database_was_moved_acknowledges_nothing_and_ends() {
    let chain = Chain::long(2);
    let (dir, aside) = (chain.dir(), chain.around().join("aside"));
    let node = Running::dev(&dir);
    fs::rename(&dir, &aside).unwrap();
    if let Ok((code, text)) = node.post("/mineBlock", "{\"data\":[\"lost\"]}") {
        assert_ne!(code, 200, "{text}");
    }
    let ended = node.wait(Instant::now());
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.err.contains("was removed, moved or replaced while"), "{}", ended.err);
    assert!(!dir.exists(), "nothing is made in its place");
    // Nobody asks it anything here.
    fs::rename(&aside, &dir).unwrap();
    let node = Running::dev(&dir);
    fs::remove_dir_all(&dir).unwrap();
    assert_eq!(node.wait(Instant::now()).code, Some(1));
}

#[test]
fn a_stop_answers_the_request_that_is_being_mined() {
    let around = tempfile::tempdir().unwrap();
    let spec = Spec::dev().canonical_text();
    let hopeless = spec.replace("\"dev\"", "\"hopeless\"").replace("207fffff", "03010000");
    let file = around.path().join("hopeless.json");
    fs::write(&file, hopeless).unwrap();
    let node = Running::start(run(&around.path().join("data")).arg("--chain", &file));
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| node.post("/mineBlock", r#"{"data":[]}"#).unwrap());
        until("it is being mined", || node.get("/v1/status").1.contains(r#""queued":1"#));
        node.signal(Signal::TERM);
        let (status, problem) = asked.join().unwrap();
        assert_eq!(status, 503, "{problem}");
        assert!(problem.contains("urn:jenny:problem:stopping"), "{problem}");
    });
    assert_eq!(node.wait(Instant::now()).code, Some(0));
}

#[test]
fn a_newer_database_is_refused() {
    let chain = Chain::long(3);
    tamper::raise_schema(&chain.dir());
    let text = run(&chain.dir()).done().failed(5);
    assert!(text.contains("schema 99"), "{text}");
}

#[test]
fn damage_found_while_it_runs_ends_it_with_code_4() {
    let chain = Chain::long(1_500);
    tamper::spoil_block(&chain.dir(), 7);
    // The quick check at the start sees the last thousand blocks, the full one in the background
    // all of them.
    let started = Instant::now();
    // The full check may be done before the node is ready.
    let ended = match Running::try_start(run(&chain.dir())) {
        Ok(node) => node.wait(started),
        Err(ended) => ended,
    };
    assert_eq!((ended.code, ended.out.as_str()), (Some(4), ""), "{}", ended.err);
    assert!(ended.err.contains("error: the database is damaged: block 7: "), "{}", ended.err);
}

#[test]
fn log_lines_are_json_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::start(run(dir.path()).words("--chain dev --log-format json"));
    node.mine(&["x"]);
    let ended = node.end(Signal::TERM);
    for line in ended.err.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    }
    assert!(ended.err.lines().count() >= 2);
}

#[test]
fn the_level_is_chosen_by_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let command = run(dir.path()).words("--chain dev").env("JENNY_LOG", "error");
    let ended = Running::start(command).end(Signal::TERM);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
}

#[test]
fn the_peers_file_may_be_missing_unless_it_was_named() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let node = Running::dev(&dir);
    assert_eq!(node.post("/addPeers", "").unwrap(), (200, "[]".to_owned()));
    fs::write(around.path().join("peers.json"), "[\"ws://127.0.0.1:9\"]").unwrap();
    let (code, text) = node.post("/addPeers", "").unwrap();
    assert_eq!(code, 200);
    assert!(text.contains("\"peer\":\"ws://127.0.0.1:9\",\"connected\":false"), "{text}");
    node.stop();
    let text = run(&dir).words("--peers /nonexistent.json").done().failed(2);
    assert!(text.contains("the peers file /nonexistent.json does not exist"), "{text}");
}

#[test]
fn settings_without_a_chain_get_none_in_silence() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("jenny.toml"), "chain = \"dev\"\n").unwrap();
    for command in [run(dir.path()), run(dir.path()).words("--chain dev")] {
        let text = command.done().failed(2);
        assert!(text.contains("holds settings (jenny.toml) but no chain"), "{text}");
        assert!(text.contains("hint: to create a chain") && text.contains("--create"), "{text}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is created");
    }
    // The chain is the one that the settings name; afterwards it is just opened.
    for flags in ["--create", "", "--create"] {
        let node = Running::start(run(dir.path()).words(flags));
        assert!(node.ready.contains(" chain=dev height=0 "), "{}", node.ready);
        node.stop();
    }
    fs::write(dir.path().join("jenny.toml"), "chain = \"jenny\"\n").unwrap();
    let text = run(dir.path()).done().failed(2);
    assert!(text.contains("holds chain `dev`") && text.contains("`chain` in jenny.toml"), "{text}");
    Running::start(run(dir.path()).words("--chain dev")).stop();
}

#[test]
fn listen_addresses_are_taken_as_people_write_them() {
    let dir = tempfile::tempdir().unwrap();
    let base =
        || Jenny::new("run").words("--chain dev --p2p-listen :0").arg("--data-dir", dir.path());
    for address in ["localhost:0", ":0"] {
        let node = Running::start(base().arg("--api-listen", address));
        assert!(node.url.starts_with("http://127.0.0.1:"), "{}", node.url);
        node.stop();
    }
    let text = base().words("--api-listen example.org:80").done().failed(2);
    assert!(text.contains("localhost:PORT or :PORT"), "{text}");
    fs::write(dir.path().join("jenny.toml"), "[p2p]\nlisten = \"7545\"\n").unwrap();
    let text = base().words("--api-listen :0").env("JENNY_P2P_LISTEN", ":x").done().failed(2);
    assert!(text.contains("localhost:PORT or :PORT"), "{text}");
}
