//! A small HTTP/1.1 client over a bare socket, so that a test decides about every
//! byte: chunks, pauses, half a body, absent headers.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::PATIENCE;

/// One request, built part by part.
#[derive(Clone)]
pub(crate) struct Request {
    method: String,
    path: String,
    host: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    chunked: bool,
}

/// The value of an `Authorization` header.
pub(crate) fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            host: Some("localhost".to_owned()),
            headers: Vec::new(),
            body: None,
            chunked: false,
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Another `Host` than `localhost`, or none.
    pub(crate) fn host(mut self, host: Option<&str>) -> Self {
        self.host = host.map(str::to_owned);
        self
    }

    pub(crate) fn auth(self, name: &str, password: &str) -> Self {
        self.header("Authorization", basic(name, password))
    }

    /// The default credentials.
    pub(crate) fn jenny(self) -> Self {
        self.auth("jenny", "1234")
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self
    }

    pub(crate) fn json(self, body: impl AsRef<[u8]>) -> Self {
        self.header("Content-Type", "application/json").body(body)
    }

    /// Sends the body in chunks, without its length.
    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// The path and the query.
    pub(crate) fn target(&self) -> &str {
        &self.path
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// All bytes up to the body.
    pub(crate) fn head(&self) -> Vec<u8> {
        use std::fmt::Write;
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if let Some(host) = &self.host {
            write!(text, "Host: {host}\r\n").unwrap();
        }
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        match &self.body {
            Some(_) if self.chunked => text.push_str("Transfer-Encoding: chunked\r\n"),
            Some(body) => write!(text, "Content-Length: {}\r\n", body.len()).unwrap(),
            None => {}
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        let body = self.body.as_deref().unwrap_or_default();
        if self.chunked {
            for chunk in body.chunks(10_000) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(body);
        }
        bytes
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The only value of a header, `None` if it is absent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(own, _)| own == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} stands twice");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Panics unless the status is this.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// Panics unless this is a complete problem of this status and type. Returns its
    /// field.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, slug: &str) -> Option<String> {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(body["type"], format!("urn:jenny:problem:{slug}"), "{body}");
        assert_eq!(body["status"], status);
        for text in ["title", "detail", "requestId"] {
            assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {body}");
        }
        body.get("field").map(|field| field.as_str().unwrap().to_owned())
    }
}

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    /// Read and not yet used.
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), buffer: Vec::new() }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &Request) -> Response {
        self.send(request.bytes()).await;
        self.answer(request.is_head()).await
    }

    /// Sends bytes. An error is no failure: the server may have hung up already.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.try_send(bytes).await;
    }

    /// Sends bytes.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        let sending = self.stream.write_all(bytes.as_ref());
        tokio::time::timeout(PATIENCE, sending).await.expect("the server reads")
    }

    /// Reads an answer; `is_head` when it has no body whatever its headers say.
    pub(crate) async fn answer(&mut self, is_head: bool) -> Response {
        self.try_answer(is_head).await.expect("an answer, whole")
    }

    /// Reads a response, `None` if the connection ends before it does.
    pub(crate) async fn try_answer(&mut self, is_head: bool) -> Option<Response> {
        let (status, headers) = self.read_head().await?;
        let mut response = Response { status, headers, body: Vec::new() };
        if is_head || status == 204 || status == 304 || (100..200).contains(&status) {
            return Some(response);
        }
        if response.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.read_chunk().await? {
                response.body.extend(chunk);
            }
        } else {
            let length = response.header("content-length")?.parse().unwrap();
            response.body = self.take(length).await?;
        }
        Some(response)
    }

    async fn read_head(&mut self) -> Option<(u16, Vec<(String, String)>)> {
        let mut lines = Vec::new();
        loop {
            let line = self.read_line().await?;
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let (status, headers) = lines.split_first().unwrap();
        let status = status.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let headers = headers.iter().map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        });
        Some((status, headers.collect()))
    }

    /// Some(None) for the last chunk.
    async fn read_chunk(&mut self) -> Option<Option<Vec<u8>>> {
        let size = usize::from_str_radix(&self.read_line().await?, 16).unwrap();
        let chunk = self.take(size).await?;
        assert_eq!(self.read_line().await?, "");
        Some((size > 0).then_some(chunk))
    }

    /// The next line, `None` if the connection ends before it does.
    pub(crate) async fn read_line(&mut self) -> Option<String> {
        let end = loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                break end;
            }
            self.fill().await?;
        };
        let line = String::from_utf8(self.take(end).await?).unwrap();
        self.take(2).await?;
        Some(line)
    }

    /// The next bytes, `None` if the connection ends before.
    pub(crate) async fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < count {
            self.fill().await?;
        }
        let rest = self.buffer.split_off(count);
        Some(std::mem::replace(&mut self.buffer, rest))
    }

    async fn fill(&mut self) -> Option<()> {
        let reading = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.buffer));
        let count = reading.await.expect("the server says something").unwrap_or(0);
        (count > 0).then_some(())
    }

    /// Waits for the server to close the connection, reading what still comes.
    pub(crate) async fn wait_closed(&mut self) {
        while self.fill().await.is_some() {}
    }

    /// Reads to the connection's end; whether it ended in order, not by a reset.
    pub(crate) async fn ends_in_order(&mut self) -> bool {
        loop {
            let reading = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.buffer));
            match reading.await.expect("the server ends the connection") {
                Ok(0) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// Whether nothing comes for so long, and the connection stays open.
    pub(crate) async fn is_quiet(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.fill()).await.is_err()
    }
}
