//! An HTTP client that costs little, so that the server is what is measured.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use crate::node::RunningNode;

/// `jenny:1234` in Base64.
const CREDENTIALS: &str = "amVubnk6MTIzNA==";

/// One connection that is kept open.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    waiting: bool,
}

impl Client {
    pub(crate) fn connect(node: &RunningNode) -> Self {
        let stream = TcpStream::connect(node.api).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::with_capacity(64 << 10, stream), waiting: false }
    }

    /// Asks for a block with one record of 300 bytes.
    pub(crate) fn send_record(&mut self, number: u64) {
        let body = format!("{{\"data\":[\"{number:0>300}\"]}}");
        self.send("POST /mineBlock", &body);
    }

    pub(crate) fn send(&mut self, request: &str, body: &str) {
        self.send_as(request, "application/json", body);
    }

    pub(crate) fn send_as(&mut self, request: &str, content_type: &str, body: &str) {
        let mut text = format!("{request} HTTP/1.1\r\nHost: localhost\r\n");
        write!(text, "Authorization: Basic {CREDENTIALS}\r\n").unwrap();
        write!(text, "Content-Type: {content_type}\r\n").unwrap();
        write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
        self.waiting = true;
    }

    /// Sends a GET request, and returns the body of a response with status 200.
    pub(crate) fn get(&mut self, path: &str) -> Vec<u8> {
        self.send(&format!("GET {path}"), "");
        let (status, body) = self.receive();
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }

    pub(crate) fn receive_ok(&mut self) {
        let (status, body) = self.receive();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    }

    pub(crate) fn receive(&mut self) -> (u16, Vec<u8>) {
        let (status, length) = self.head();
        let mut body = vec![0; length.unwrap()];
        self.stream.read_exact(&mut body).unwrap();
        self.waiting = false;
        (status, body)
    }

    fn head(&mut self) -> (u16, Option<usize>) {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse().unwrap());
            }
        }
        (status, length)
    }

    /// The node's status.
    pub(crate) fn status(&mut self) -> serde_json::Value {
        serde_json::from_slice(&self.get("/v1/status")).unwrap()
    }

    /// The miner's rate, as the node's status has it.
    pub(crate) fn hash_rate(&mut self) -> f64 {
        // It is counted when the search has ended, a moment after the answer.
        loop {
            if let Some(rate) = self.status()["mining"]["hashRate"].as_f64() {
                return rate;
            }
        }
    }

    /// The node's height.
    pub(crate) fn height(&mut self) -> u64 {
        self.status()["tip"]["height"].as_u64().unwrap()
    }

    /// Reads `GET /chains` to its end and counts its blocks.
    pub(crate) fn count_chain(&mut self, sample: &mut dyn FnMut()) -> u64 {
        self.send("GET /chains", "");
        let (status, _) = self.head();
        assert_eq!(status, 200);
        let (mut blocks, mut size, mut read) = (0, String::new(), 0_u64);
        loop {
            size.clear();
            self.stream.read_line(&mut size).unwrap();
            let length = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; length + 2];
            self.stream.read_exact(&mut chunk).unwrap();
            if length == 0 {
                return blocks;
            }
            // Every block ends in its records, and no record here holds a bracket. A chunk
            // boundary within the mark is counted by neither side: chunks hold whole blocks.
            blocks += chunk.windows(2).filter(|pair| pair == b"]}").count() as u64;
            if read / (8 << 20) != (read + length as u64) / (8 << 20) {
                sample();
            }
            read += length as u64;
        }
    }
}

/// Has `clients` connections make `count` numbered requests, each connection its next one once it
/// has the response, which must have this status. Returns requests per second.
pub(crate) fn exchange(
    node: &RunningNode,
    clients: usize,
    count: u64,
    status: u16,
    request: impl Fn(&mut Client, u64),
) -> f64 {
    let mut clients: Vec<Client> = (0..clients).map(|_| Client::connect(node)).collect();
    let started = Instant::now();
    let mut sent = 0;
    let mut received = 0;
    while received < count {
        for client in &mut clients {
            if client.waiting {
                let (actual, body) = client.receive();
                assert_eq!(actual, status, "{}", String::from_utf8_lossy(&body));
                received += 1;
            }
            if sent < count {
                request(client, sent);
                sent += 1;
            }
        }
    }
    count as f64 / started.elapsed().as_secs_f64()
}
