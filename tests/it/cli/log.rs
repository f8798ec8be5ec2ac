//! The log of `jenny run`: nothing that happens to it stops the node, and no stranger fills it.

use std::fs::File;
use std::io::{PipeReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Done, Jenny, PATIENCE, Running, finish, spawn, until};

fn run(dir: &Path) -> Jenny {
    Jenny::new("run").arg("--data-dir", dir).words("--chain dev --api-listen 127.0.0.1:0")
}

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// Sends this many requests on one connection, and reads all responses.
fn flood(url: &str, head: &str, count: usize) {
    let mut socket = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = socket.try_clone().unwrap();
    let reading = std::thread::spawn(move || {
        let mut answers = String::new();
        reader.read_to_string(&mut answers).unwrap();
        answers.matches("HTTP/1.1 40").count()
    });
    let request = |last| format!("GET /nope HTTP/1.1\r\nHost: localhost\r\n{head}{last}\r\n");
    let requests = request("").repeat(count - 1) + &request("Connection: close\r\n");
    socket.write_all(requests.as_bytes()).unwrap();
    assert_eq!(reading.join().unwrap(), count);
}

/// The node mines, answers, and ends when it is told to.
fn works_and_stops(node: Running) {
    node.mine(&["x"]);
    assert_eq!(node.get("/livez").0, 200);
    assert_eq!(node.get("/nope").0, 404);
    let ended = node.end(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_node_lives_on_when_its_log_cannot_be_written() {
    for format in ["text", "json"] {
        let dir = tempfile::tempdir().unwrap();
        let mut command = run(dir.path()).arg("--log-format", format);
        command.0.stderr(full());
        works_and_stops(Running::start(command));
    }
}

#[test]
fn a_node_lives_on_when_the_reader_of_its_log_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = run(dir.path());
    command.0.stderr(writer);
    let node = Running::start(command);
    drop(reader);
    works_and_stops(node);
}

/// A node that logs much into a pipe, and the pipe's other end.
fn piped(dir: &Path) -> (Running, PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = run(dir).words("--log-level debug");
    command.0.stderr(writer);
    // It drops the command, which holds an end of the pipe: the reader would wait for ever.
    (Running::start(command), reader)
}

#[test]
fn a_node_lives_on_when_nobody_reads_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let (node, mut reader) = piped(dir.path());
    flood(&node.url, "", 900);
    works_and_stops(node);
    // The pipe is full of lines; more than it holds was lost with the process.
    let mut log = Vec::new();
    reader.read_to_end(&mut log).unwrap();
    assert!(log.len() >= 16 << 10, "{}", log.len());
}

#[test]
fn a_log_that_is_read_late_is_read_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (node, mut reader) = piped(dir.path());
    flood(&node.url, "", 900);
    let reading = std::thread::spawn(move || {
        let mut log = String::new();
        reader.read_to_string(&mut log).unwrap();
        log
    });
    node.stop();
    let log = reading.join().unwrap();
    assert_eq!(log.matches("request refused").count(), 900);
    assert!(log.contains(" INFO stopped\n"), "{log}");
}

#[test]
fn a_standard_output_that_takes_nothing_stops_no_node() {
    let (_reader, mut stuck) = std::io::pipe().unwrap();
    // As much as a pipe holds.
    stuck.write_all(&vec![0; 64 << 10]).unwrap();
    let taking_nothing: [Stdio; 2] = [full().into(), stuck.into()];
    for out in taking_nothing {
        let dir = tempfile::tempdir().unwrap();
        let mut command = run(dir.path());
        command.0.stdout(out).stderr(Stdio::from(File::create(dir.path().join("log")).unwrap()));
        let mut child = command.spawn();
        let log = || std::fs::read_to_string(dir.path().join("log")).unwrap();
        until("it is ready", || log().contains("ready api="));
        let log = log();
        let url = log.split("ready api=").nth(1).unwrap().split(' ').next().unwrap();
        flood(url, "", 1);
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_stranger_adds_next_to_nothing_to_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::start(run(dir.path()));
    flood(&node.url, "", 5_000);
    flood(&node.url, "Authorization: nonsense\r\n", 5_000);
    let ended = node.end(Signal::TERM);
    let refused = ended.err.matches("request refused").count();
    assert!((1..200).contains(&refused), "{refused}: {}", ended.err);
    // What was left out is counted, at the end at the latest.
    let left_out =
        ended.err.lines().filter(|line| line.contains("similar log lines were left out"));
    let counts = left_out.map(|line| {
        let count = line.split(" count=").nth(1).unwrap();
        count.split(' ').next().unwrap().parse::<usize>().unwrap()
    });
    assert!(counts.sum::<usize>() + refused >= 5_000, "{}", ended.err);
}

#[test]
fn an_unknown_log_level_is_refused_with_a_suggestion() {
    let dir = tempfile::tempdir().unwrap();
    let meant = "`debg` is not a log level; did you mean `debug`?";
    let text = run(dir.path()).env("JENNY_LOG", "debg").done().failed(2);
    assert!(text.contains(meant), "{text}");
    let text = run(dir.path()).words("--log-level debg").done().failed(2);
    assert!(text.contains(meant), "{text}");
    std::fs::write(dir.path().join("jenny.toml"), "log.level = \"debg\"\n").unwrap();
    let text = run(dir.path()).done().failed(2);
    assert!(text.contains(meant), "{text}");
    let verify = Jenny::new("verify").arg("--data-dir", dir.path());
    let text = verify.env("JENNY_LOG", "debg").done().failed(2);
    assert!(text.contains(meant), "{text}");
}

#[test]
fn the_level_may_come_from_file_variable_or_flag() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("jenny.toml"), "log.level = \"error\"\n").unwrap();
    let ended = Running::start(run(dir.path()).words("--create")).end(Signal::TERM);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let ended = Running::start(run(dir.path()).env("JENNY_LOG", "info")).end(Signal::TERM);
    assert!(ended.err.contains(" INFO ready api="), "{}", ended.err);
    let flag = run(dir.path()).env("JENNY_LOG", "info").words("--log-level error");
    let ended = Running::start(flag).end(Signal::TERM);
    assert_eq!(ended.err, "");
}

#[test]
fn unknown_variables_are_warned_of_and_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let command = run(dir.path()).env("JENNY_MINING_QUEU", "1").env("JENNY_PORT", "tcp://10.0.0.1");
    let ended = Running::start(command.env("JENNY_TEST_X", "1")).end(Signal::TERM);
    assert_eq!(ended.code, Some(0));
    let warnings: Vec<&str> = ended
        .err
        .lines()
        .filter(|line| line.contains(" WARN ") && line.contains("JENNY_"))
        .collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0]
            .contains("JENNY_MINING_QUEU is unknown and ignored; did you mean JENNY_MINING_QUEUE?")
    );
    assert!(warnings[1].contains("JENNY_PORT") && warnings[1].contains("Kubernetes"));
}

/// Runs the node with so few descriptors that the runtime panics under one of the limits.
fn starve(limit: u32, err: impl Into<Stdio>) -> Done {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.env_clear().args(["-c", &format!("ulimit -n {limit}; exec \"$@\""), "sh"]);
    command.args([env!("CARGO_BIN_EXE_jenny"), "run", "--chain", "dev", "--data-dir"]);
    command.arg(dir.path()).args(["--api-listen", "127.0.0.1:0", "--p2p-listen", "127.0.0.1:0"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(err);
    finish(spawn(&mut command))
}

#[test]
fn a_panic_is_told_and_aborts_nothing_even_when_the_log_is_broken() {
    let is_told = |limit| {
        let broken = starve(limit, full());
        assert!(broken.code.is_some_and(|code| code > 0), "ended by a signal: {broken:?}");
        let told = starve(limit, Stdio::piped());
        assert_eq!(told.code, broken.code, "{told:?}");
        told.err.contains(" ERROR internal error: ") && told.err.contains(" place=")
    };
    let told: Vec<bool> = (5..9).map(is_told).collect();
    // Where descriptors are inherited, others are scarce.
    assert!(told.contains(&true) || (9..30).any(is_told), "no limit makes it panic");
}
