//! A node that may open fewer files and sockets than its settings allow for.

use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use crate::p2p::abuse::watch::sockets;
use crate::process::{Jenny, Running, until};

/// Connections that the node takes from peers before they are links.
const PLACES: usize = 256;

/// Starts the chain `dev` in a shell that sets these limits, the soft one and the hard one.
fn under(dir: &std::path::Path, soft: u64, hard: u64, words: &str) -> Running {
    let jenny = Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0").words(words);
    let Jenny(inner) = jenny.arg("--data-dir", dir);
    let mut shell = Command::new("/bin/sh");
    let set = format!("ulimit -S -n {soft} && ulimit -H -n {hard} && exec \"$0\" \"$@\"");
    shell.env_clear().arg("-c").arg(set).arg(inner.get_program()).args(inner.get_args());
    shell.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Running::start(Jenny(shell))
}

/// The soft and the hard limit of a process.
fn limits(process: u32) -> (u64, u64) {
    let text = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let mut numbers = line.split_whitespace().map_while(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn peers_port(node: &Running) -> SocketAddr {
    let peers = node.ready.split(' ').find_map(|part| part.strip_prefix("p2p=ws://"));
    peers.unwrap().parse().unwrap()
}

#[test]
fn the_soft_limit_is_raised_and_nothing_is_said_when_all_that_the_settings_allow_for_fits() {
    let dir = tempfile::tempdir().unwrap();
    let node = under(dir.path(), 100, 4_096, "");
    let (soft, hard) = limits(node.id());
    assert!(soft > 512 && soft < hard, "{soft}");
    assert!(!node.log().contains("this process may open"), "{}", node.log());
    node.stop();
}

#[test]
fn a_hard_limit_below_what_the_settings_allow_for_is_reached_and_the_start_says_what_fits() {
    let dir = tempfile::tempdir().unwrap();
    let node = under(dir.path(), 100, 512, "");
    assert_eq!(limits(node.id()), (512, 512));
    node.logs("was raised to 512");
    node.logs("this process may open 512 files and sockets");
    node.logs("about 448 connections of clients and peers fit");
    node.stop();
}

#[test]
fn rest_answers_while_the_peers_port_is_full_under_a_limit_that_is_too_low() {
    let dir = tempfile::tempdir().unwrap();
    let node = under(dir.path(), 100, 512, "");
    let address = peers_port(&node);
    let mut silent = Vec::new();
    for _ in 0..50 {
        // All places of connections that are no links yet; a slow machine sees some of them end.
        until("the peers' port is full", || {
            silent.push(TcpStream::connect(address).unwrap());
            sockets(node.id()) > PLACES
        });
        assert_eq!(node.get("/v1/status").0, 200);
    }
    node.stop();
}
