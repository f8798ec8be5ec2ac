//! The table: what is sent on one link, and what must come of it.

use std::time::Duration;

use jenny_chain::chain::test_util::spec_with;

use super::raw::Raw;
use crate::process::Branch;

/// What must come of a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Expected {
    /// The link is closed with this code.
    Code(u16),
    /// The link ends; the framing was broken, so that the code is the library's.
    End,
    /// Nothing, and the link lives on.
    Silence,
    /// Nothing or an end: whichever, and soon.
    Either,
    /// No upgrade: the case sends its own request.
    NoUpgrade,
}

/// What is done on a link or a connection.
type Act = Box<dyn Fn(&mut Raw, &Given) + Send + Sync>;

pub(super) struct Case {
    pub(super) name: String,
    pub(super) act: Act,
    pub(super) expected: Expected,
}

/// Blocks to abuse.
pub(super) struct Given {
    /// The node's tip.
    tip: String,
    /// The block after it.
    next: String,
    /// A block far above it.
    far: String,
    /// An early block of the node's chain, and its genesis.
    early: String,
    genesis: String,
    /// Genesis of another chain.
    foreign: String,
}

impl Given {
    pub(super) fn new(branch: &Branch, tip: usize) -> Self {
        Self {
            tip: branch.text(tip),
            next: branch.text(tip + 1),
            far: branch.text(tip + 9),
            early: branch.text(5),
            genesis: branch.text(0),
            foreign: Branch::new(spec_with(&[("name", "\"other\"")])).text(0),
        }
    }
}

pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    texts(&mut cases);
    blocks(&mut cases);
    frames(&mut cases);
    large(&mut cases);
    handshakes(&mut cases);
    cases
}

/// What `act` gives back, such as whether the node took it, does not matter.
fn case<T>(
    name: impl Into<String>,
    expected: Expected,
    act: impl Fn(&mut Raw, &Given) -> T + Send + Sync + 'static,
) -> Case {
    let act = Box::new(move |raw: &mut Raw, given: &Given| drop(act(raw, given)));
    Case { name: name.into(), act, expected }
}

fn text(expected: Expected, text: &'static str) -> Case {
    case(format!("text {text:?}"), expected, move |raw, _| {
        raw.text(text);
    })
}

use Expected::{Code, Either, End, NoUpgrade, Silence};

/// What is no message at all, and what is one that nobody knows.
fn texts(cases: &mut Vec<Case>) {
    let not_json =
        ["", " ", "x", "{", "{\"type\":1", "{'type':0}", "{\"type\":0}x", "NaN", "\u{feff}{}"];
    let no_object = ["null", "[]", "0", "true", "\"text\"", "[{\"type\":0}]"];
    cases.extend(not_json.into_iter().chain(no_object).map(|json| text(Code(1002), json)));
    let unknown = [
        "{}",
        "{\"type\":3,\"payload\":[]}",
        "{\"type\":-1}",
        "{\"type\":null}",
        "{\"type\":\"2\",\"payload\":[null]}",
        "{\"type\":1.5,\"payload\":[]}",
        "{\"type\":99999999999999999999999999,\"payload\":[]}",
        "{\"type\":[1],\"payload\":[]}",
        "{\"payload\":[null]}",
        "{\"Type\":1,\"payload\":[null]}",
    ];
    cases.extend(unknown.map(|json| text(Silence, json)));
    // The payload of a request for the tip is never read.
    let questions =
        ["{\"type\":0}", "{\"type\":0,\"payload\":null}", "{\"type\":0,\"payload\":[[[]]]}"];
    cases.extend(questions.map(|json| text(Silence, json)));
    cases.push(text(Either, "{\"type\":1e999,\"payload\":[]}"));
    let no_blocks = [
        "",
        ",\"payload\":null",
        ",\"payload\":{}",
        ",\"payload\":\"x\"",
        ",\"payload\":[]",
        ",\"payload\":[null]",
        ",\"payload\":[[]]",
        ",\"payload\":[7]",
        ",\"payload\":[{}]",
    ];
    for kind in [1, 2] {
        for payload in no_blocks {
            let json = format!("{{\"type\":{kind}{payload}}}");
            cases.push(case(format!("text {json}"), Code(1002), move |raw, _| {
                raw.text(&json);
            }));
        }
    }
}

/// A type 1 with one block that is not well-formed, or is not ours.
fn blocks(cases: &mut Vec<Case>) {
    let changed: [(&str, &str, &str); 12] = [
        ("a wrong hash", "\"hash\":\"", "\"hash\":\"f"),
        ("a hash in upper case", "\"merkleRoot\":\"", "\"merkleRoot\":\"A"),
        ("no hash", "\"hash\":", "\"cash\":"),
        ("a height as text", "\"height\":21", "\"height\":\"21\""),
        ("a height that is no integer", "\"height\":21", "\"height\":21.0"),
        ("a height above 2^53", "\"height\":21", "\"height\":9007199254740993"),
        ("a height without end", "\"height\":21", "\"height\":1e999"),
        ("a negative nonce", "\"nonce\":", "\"nonce\":-"),
        ("a key twice", "\"height\":21", "\"height\":21,\"height\":21"),
        ("a number among the records", "\"data\":[", "\"data\":[1,"),
        ("half a character", "\"data\":[\"", "\"data\":[\"\\ud800"),
        ("records that are no list", "\"data\":[", "\"data\":{}, \"more\":["),
    ];
    for (name, from, to) in changed {
        cases.push(case(format!("a block with {name}"), Code(1002), move |raw, given| {
            assert!(given.next.contains(from));
            one(raw, &given.next.replacen(from, to, 1));
        }));
    }
    cases.push(case("a foreign genesis", Code(1008), |raw, given| one(raw, &given.foreign)));
    cases.push(case("a chain of a foreign genesis", Code(1008), |raw, given| {
        many(raw, &[given.foreign.as_str(), given.next.as_str()]);
    }));
    cases.push(case("a chain without genesis", Code(1002), |raw, given| {
        many(raw, &[given.tip.as_str(), given.next.as_str(), given.early.as_str()]);
    }));
    cases.push(case("a chain with a hole", Code(1002), |raw, given| {
        many(raw, &[given.genesis.as_str(), given.far.as_str()]);
    }));
    cases.push(case("a chain that is garbage at its end", Code(1002), |raw, given| {
        many(raw, &[given.genesis.as_str(), "{}"]);
    }));
    cases.push(case("a value nested deeply in a block", Code(1002), |raw, given| {
        let deep = format!("{{\"deep\":{}{},", "[".repeat(200), "]".repeat(200));
        one(raw, &given.next.replacen('{', &deep, 1));
    }));
    cases.push(case("100,000 open brackets", Code(1002), |raw, _| {
        raw.text(&format!("{{\"type\":1,\"payload\":{}", "[".repeat(100_000)));
    }));
    cases.push(case("100,000 levels of objects", Either, |raw, _| {
        raw.text(&"{\"a\":".repeat(100_000));
    }));
}

fn one(raw: &mut Raw, block: &str) {
    raw.text(&format!("{{\"type\":1,\"payload\":[{block}]}}"));
}

fn many(raw: &mut Raw, blocks: &[&str]) {
    raw.text(&format!("{{\"type\":2,\"payload\":[{}]}}", blocks.join(",")));
}

/// Frames that break RFC 6455, or that a seed-like node never sends.
fn frames(cases: &mut Vec<Case>) {
    cases.push(case("a binary frame", Code(1003), |raw, _| raw.send(true, 2, b"\0\x01")));
    cases.push(case("an empty binary frame", Code(1003), |raw, _| raw.send(true, 2, b"")));
    cases.push(case("binary in fragments", Code(1003), |raw, _| {
        raw.send(false, 2, b"{}");
        raw.send(true, 0, b"{}");
    }));
    let not_utf8: [(&str, &[u8]); 4] = [
        ("a stray byte", b"{\"type\":0,\"x\":\"\xff\"}"),
        ("an overlong slash", b"{\"type\":0,\"x\":\"\xc0\xaf\"}"),
        ("half of a pair", b"{\"type\":0,\"x\":\"\xed\xa0\x80\"}"),
        ("a character cut short", b"{\"type\":0,\"x\":\"\xe2\x82"),
    ];
    for (name, bytes) in not_utf8 {
        cases.push(case(name, Code(1007), move |raw, _| raw.send(true, 1, bytes)));
    }
    cases.push(case("a character in two fragments", Silence, |raw, _| {
        raw.send(false, 1, b"{\"type\":9,\"x\":\"\xe2\x82");
        raw.send(true, 0, b"\xac\"}");
    }));
    cases.push(case("a frame that is not masked", End, |raw, _| raw.bytes(b"\x81\x02{}")));
    cases.push(case("reserved bits", End, |raw, _| raw.bytes(b"\xf1\x82\0\0\0\0{}")));
    cases.push(case("an unknown opcode", End, |raw, _| raw.send(true, 3, b"{}")));
    cases.push(case("an unknown control frame", End, |raw, _| raw.send(true, 11, b"")));
    cases.push(case("a ping in fragments", End, |raw, _| raw.send(false, 9, b"x")));
    cases.push(case("a ping too long", End, |raw, _| raw.send(true, 9, &[0; 126])));
    cases.push(case("a close of one byte", End, |raw, _| raw.send(true, 8, b"x")));
    cases.push(case("a fragment of nothing", End, |raw, _| raw.send(true, 0, b"{}")));
    cases.push(case("a text within a text", End, |raw, _| {
        raw.send(false, 1, b"{");
        raw.send(true, 1, b"{}");
    }));
    cases.push(case("an upgrade within a link", End, |raw, _| {
        raw.bytes(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
    }));
    cases.push(case("10,000 pings", Silence, |raw, _| {
        for _ in 0..10_000 {
            raw.send(true, 9, b"");
        }
    }));
    cases.push(case("1,000 empty fragments", Silence, |raw, _| {
        raw.send(false, 1, b"{}");
        for _ in 0..1_000 {
            raw.send(false, 0, b"");
        }
        raw.send(true, 0, b"");
    }));
}

/// Messages of more than anybody needs.
fn large(cases: &mut Vec<Case>) {
    cases.push(case("100 MiB in one frame", Code(1009), |raw, _| {
        raw.declare(true, 1, 100 << 20);
        // Its head alone is enough.
        std::thread::park_timeout(Duration::from_millis(50));
    }));
    cases
        .push(case("a frame of 2^63 - 1 bytes", End, |raw, _| raw.declare(true, 1, u64::MAX >> 1)));
    cases.push(case("a frame of 2^64 - 1 bytes", End, |raw, _| raw.declare(true, 1, u64::MAX)));
    // Who goes on sending into a closed socket may never see the code.
    cases.push(case("fragments without end", End, |raw, _| {
        let chunk = vec![b'['; 1 << 20];
        let mut is_first = true;
        for _ in 0..200 {
            if !raw.send(false, u8::from(is_first), &chunk) {
                return;
            }
            is_first = false;
        }
    }));
    cases.push(case("20 MiB of nothing", Code(1002), |raw, _| {
        raw.text(&" ".repeat(20 << 20));
    }));
    cases.push(case("20 MiB of empty blocks", Code(1002), |raw, _| {
        raw.text(&format!("{{\"type\":2,\"payload\":[{}{{}}]}}", "{},".repeat(7 << 20)));
    }));
    cases.push(case("20 MiB of genesis over and over", Code(1002), |raw, given| {
        let count = (20 << 20) / given.genesis.len();
        many(raw, &vec![given.genesis.as_str(); count]);
    }));
    cases.push(case("20 MiB behind an unknown type", Silence, |raw, _| {
        raw.text(&format!("{{\"type\":7,\"payload\":\"{}\"}}", "x".repeat(20 << 20)));
    }));
    cases.push(case("a block with a record of 20 MiB", Either, |raw, given| {
        let data = format!("\"data\":[\"{}", "x".repeat(20 << 20));
        one(raw, &given.next.replacen("\"data\":[\"", &data, 1));
    }));
    cases.push(case("a number of 1 MiB", Either, |raw, _| {
        raw.text(&format!("{{\"type\":{}}}", "9".repeat(1 << 20)));
    }));
}

/// Requests that are no upgrade. Origin is refused too.
fn handshakes(cases: &mut Vec<Case>) {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let requests = [
        ("a page", "GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        ("HTTP/1.0", format!("GET / HTTP/1.0\r\n{upgrade}Sec-WebSocket-Version: 13\r\n{key}\r\n")),
        (
            "a POST",
            format!(
                "POST / HTTP/1.1\r\nHost: x\r\n{upgrade}Sec-WebSocket-Version: 13\r\n{key}\r\n"
            ),
        ),
        (
            "no key",
            format!("GET / HTTP/1.1\r\nHost: x\r\n{upgrade}Sec-WebSocket-Version: 13\r\n\r\n"),
        ),
        (
            "version 8",
            format!("GET / HTTP/1.1\r\nHost: x\r\n{upgrade}Sec-WebSocket-Version: 8\r\n{key}\r\n"),
        ),
        ("TLS", "\x16\x03\x01\0\0\r\n\r\n".to_owned()),
        ("noise", "\0\0\0\0\r\n\r\n".to_owned()),
        ("a head of 1 MiB", format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(1 << 20))),
        ("1,000 headers", format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1_000))),
        (
            "a web page's request",
            format!(
                "GET / HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\n{upgrade}Sec-WebSocket-Version: 13\r\n{key}\r\n"
            ),
        ),
    ];
    for (name, request) in requests {
        cases.push(case(name, NoUpgrade, move |raw, _| raw.bytes(request.as_bytes())));
    }
}
