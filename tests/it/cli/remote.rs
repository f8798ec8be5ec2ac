//! `jenny dump --url`: the same dump of a running node, or an error.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use jenny_chain::chain::test_util::seal;
use jenny_chain::chain::{Height, Spec, empty_root, write_block_json};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Chain, Done, Jenny, PATIENCE, Running, finish, quiet_address};

fn dump(url: &str) -> Jenny {
    Jenny::new("dump").arg("--url", url)
}

/// A server for one client: what it sends, and whether it sent it.
struct Fake {
    url: String,
    sent: Receiver<()>,
    server: JoinHandle<()>,
}

/// A server that sends `answer` to the first client, and then closes or holds the line.
fn fake(answer: Vec<u8>, hold: bool) -> Fake {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, sent) = channel();
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        socket.write_all(&answer).unwrap();
        tell.send(()).unwrap();
        if hold {
            // Until the client goes; how it goes is its own affair.
            let _ = socket.read(&mut [0]);
        }
    });
    Fake { url, sent, server }
}

impl Fake {
    /// Waits until everything is sent.
    fn sent(&self) {
        self.sent.recv_timeout(PATIENCE).expect("a client comes");
    }

    /// Asks it, and waits for both to end.
    fn ask(self, ask: impl FnOnce(Jenny) -> Jenny) -> Done {
        let done = ask(dump(&self.url)).done();
        self.sent();
        self.server.join().unwrap();
        done
    }
}

/// An answer whose length is said, of which `sent` bytes are sent.
fn answer(body: &str, sent: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), &body.as_bytes()[..sent]].concat()
}

/// An answer in chunks, without the last one.
fn chunked(body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    format!("{head}{:x}\r\n{body}\r\n", body.len()).into_bytes()
}

#[test]
fn a_running_node_dumps_as_its_database_does() {
    let chain = Chain::long(700);
    let (old, young) = (chain.hash(3).to_string(), chain.hash(699).to_string());
    let selections = [
        String::new(),
        "--from 100".to_owned(),
        "--from 255 --to 513".to_owned(),
        "--to 0".to_owned(),
        "--from 690 --to 9999".to_owned(),
        "--tip".to_owned(),
        "--height 0".to_owned(),
        "--height 256".to_owned(),
        format!("--hash {old}"),
        format!("--hash {young}"),
        format!("--height 3 --hash {old}"),
        format!("--height 3 --hash {}", &old[..8]),
        format!("--hash {}", &young[..8]),
    ];
    let mut flags = Vec::new();
    for selection in &selections {
        for format in ["table", "json", "jsonl", "csv"] {
            flags.push(format!("{selection} --format {format}"));
            flags.push(format!("{selection} --format {format} --headers"));
        }
    }
    let node = Running::dev(&chain.dir());
    let remote: Vec<_> =
        flags.iter().map(|flags| dump(&node.url).words(flags).done().ok()).collect();
    let no: Vec<_> = ["--from 701", "--height 701"]
        .map(|flags| (flags, dump(&node.url).words(flags).done().failed(1)))
        .into();
    node.stop();
    let local = || Jenny::new("dump").arg("--data-dir", chain.dir());
    for (flags, remote) in flags.iter().zip(remote) {
        assert!(remote == local().words(flags).done().ok(), "{flags}");
    }
    for (flags, remote) in no {
        assert_eq!(remote, local().words(flags).done().failed(1), "{flags}");
    }
}

#[test]
fn a_hash_that_is_nowhere_is_the_answer_no() {
    let chain = Chain::long(3);
    let node = Running::dev(&chain.dir());
    let zeros = "0".repeat(64);
    let text = dump(&node.url).arg("--hash", &zeros).done().failed(1);
    assert!(text.contains("no stored block has the hash"), "{text}");
    let exact = dump(&node.url).arg("--hash", &zeros).words("--height 2").done().failed(1);
    assert!(exact.contains("no block at height 2 with the hash"), "{exact}");
}

#[test]
fn a_stream_that_breaks_off_is_an_error_and_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dump.json");
    let chain = Chain::long(3);
    let body = Jenny::new("dump").words("--format json").arg("--data-dir", chain.dir()).done().ok();
    let body = body.trim_end();
    let part = body.len() - 10;
    for (broken, last) in
        [(answer(body, part), 2), (answer(body, body.len() - 1), 3), (chunked(&body[..part]), 2)]
    {
        let text = fake(broken, false).ask(|dump| dump.arg("--output", &file)).failed(1);
        assert!(text.contains(&format!(" ended early after block {last}: ")), "{text}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
    let text = fake(chunked(body), false).ask(|dump| dump.arg("--output", &file)).failed(1);
    assert!(text.contains(" ended early after block 3: "), "{text}");
    let whole = fake(answer(body, body.len()), false);
    assert_eq!(whole.ask(|dump| dump.arg("--output", &file)).ok(), "");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn an_interrupted_dump_leaves_nothing() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let dir = tempfile::tempdir().unwrap();
        let chain = Chain::long(1);
        let local = Jenny::new("dump").words("--format json").arg("--data-dir", chain.dir());
        let body = local.done().ok();
        let node = fake(answer(&body, body.len() - 5), true);
        let mut command = dump(&node.url).arg("--output", dir.path().join("dump.json"));
        let child = command.spawn();
        node.sent();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the unfinished file");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let done = finish(child);
        assert_eq!((done.code, done.err.as_str()), (Some(130), "error: interrupted\n"));
        node.server.join().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[test]
fn an_answer_that_is_no_chain_is_an_error() {
    for (body, said) in [
        ("[]", "sent an empty chain"),
        ("{}", "sent an invalid chain: "),
        ("[{\"height\":0}]", "sent an invalid chain: "),
        ("<html>", "sent an invalid chain: "),
    ] {
        let text = fake(answer(body, body.len()), false).ask(|dump| dump).failed(1);
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn a_refusal_is_told_without_its_control_characters() {
    let body = r#"{"title":"Bad","detail":"a\u001b[2Jb"}"#;
    let head = format!("HTTP/1.1 503 x\r\nContent-Length: {}\r\n\r\n", body.len());
    let text = fake(format!("{head}{body}").into_bytes(), false).ask(|dump| dump).failed(1);
    assert!(text.contains("responded with 503 ") && text.contains("a\\u{1b}[2Jb"), "{text:?}");
}

#[test]
fn credentials_do_not_follow_a_redirect() {
    let head = "HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n";
    let text = fake(head.into(), false).ask(|dump| dump).failed(1);
    assert!(text.contains("302"), "{text}");
}

#[test]
fn nobody_there_is_said_with_what_to_do() {
    let free = quiet_address();
    let text = dump(&format!("http://{free}")).done().failed(1);
    assert!(text.starts_with(&format!("error: no node responds at http://{free}: ")), "{text}");
    assert!(text.contains("hint: check that the node is running"), "{text}");
}

#[test]
fn an_address_must_be_one() {
    let text = dump("wss://127.0.0.1").done().failed(2);
    assert!(text.contains("the scheme must be http or https"), "{text}");
    let text = dump("http://192.0.2.1").done().failed(2);
    assert!(text.contains("give --password-file FILE, or set JENNY_PASSWORD"), "{text}");
}

#[test]
fn a_reader_that_left_ends_the_dump_of_a_node_that_sends_no_more() {
    let chain = Chain::long(3);
    let local = Jenny::new("dump").words("--format json").arg("--data-dir", chain.dir());
    let body = local.done().ok();
    // All but the end, and then silence.
    let node = fake(answer(&body, body.len() - 5), true);
    let mut child = dump(&node.url).spawn();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    // The first block does not wait for a batch to be full.
    out.read_line(&mut line).unwrap();
    assert!(line.contains("\"height\":0"), "{line}");
    drop(out);
    let done = finish(child);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    node.server.join().unwrap();
}

#[test]
fn a_node_is_checked_by_the_rules_of_its_chain() {
    let chain = Chain::long(3);
    let local = |flags| {
        let command = Jenny::new("dump").words(flags).arg("--data-dir", chain.dir());
        command.done().ok().trim_end().to_owned()
    };
    // The header's hash fits, its proof of work does not.
    let mut header = *Spec::dev().genesis().header();
    header.height = Height::new(1);
    header.previous_hash = Spec::dev().genesis().hash();
    header.record_count = 0;
    header.merkle_root = empty_root();
    seal(&mut header, false);
    let mut forged = Vec::new();
    write_block_json(&mut forged, &Spec::dev(), &header, &header.hash(), &[]);
    let genesis = local("--height 0 --format jsonl");
    let body = format!("[{genesis},{}]", String::from_utf8(forged).unwrap());
    let text = fake(answer(&body, body.len()), false).ask(|dump| dump.words("--headers"));
    assert_eq!(text.code, Some(1));
    assert!(text.err.contains("block 1: nonce: expected a hash within target"), "{}", text.err);
}
