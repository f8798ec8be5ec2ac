//! One WebSocket link of a scripted peer, dialled or accepted.

use std::fmt;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{
    ClientRequestBuilder, Error, Message as Frame, WebSocket, accept_hdr, client,
};

use crate::process::PATIENCE;

/// What is said on a link of the seed's kind. Blocks come without `difficulty`, which nobody
/// compares.
#[derive(Clone, Eq, PartialEq)]
pub(crate) enum Message {
    /// Type 0.
    Ask,
    /// Type 1.
    Block(Value),
    /// Type 2.
    Chain(Vec<Value>),
}

impl Message {
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Ask => r#"{"type":0,"payload":{}}"#.to_owned(),
            Self::Block(block) => serde_json::json!({ "type": 1, "payload": [block] }).to_string(),
            Self::Chain(chain) => serde_json::json!({ "type": 2, "payload": chain }).to_string(),
        }
    }

    /// Reads what a node said, which must be one of the three and nothing that kills a seed-like node.
    pub(crate) fn parse(text: &str) -> Self {
        let mut message: Value = serde_json::from_str(text).expect("a seed-like node dies of this");
        let keys: Vec<_> = message.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys.len(), 2, "{keys:?}");
        let payload = message["payload"].take();
        let blocks = |payload: Value| {
            let Value::Array(mut blocks) = payload else {
                panic!("a seed-like node dies of {payload}")
            };
            assert!(!blocks.is_empty(), "a seed-like node dies of an empty payload");
            for block in &mut blocks {
                block.as_object_mut().expect("a block").remove("difficulty").expect("difficulty");
            }
            blocks
        };
        match message["type"].as_u64() {
            Some(0) => {
                assert_eq!(payload, serde_json::json!({}));
                Self::Ask
            }
            Some(1) => {
                let mut blocks = blocks(payload);
                assert_eq!(blocks.len(), 1, "type 1 carries one block");
                Self::Block(blocks.remove(0))
            }
            Some(2) => Self::Chain(blocks(payload)),
            _ => panic!("a type that a seed-like node does not know: {message}"),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |block: &Value| format!("{}:{}", block["height"], block["data"]);
        match self {
            Self::Ask => f.write_str("0"),
            Self::Block(block) => write!(f, "1[{}]", name(block)),
            Self::Chain(chain) => write!(
                f,
                "2[{} blocks to {}]",
                chain.len(),
                chain.last().map(name).unwrap_or_default()
            ),
        }
    }
}

/// A live link.
pub(crate) struct Link {
    socket: WebSocket<TcpStream>,
    /// The subprotocol that the answer named.
    pub(crate) protocol: Option<String>,
    /// The subprotocols that were offered.
    pub(crate) offered: Vec<String>,
}

impl Link {
    /// Dials as a seed-like node does, without a subprotocol.
    pub(crate) fn dial(url: &str) -> Self {
        Self::dial_offering(url, &[]).unwrap()
    }

    /// Dials, offering these subprotocols.
    pub(crate) fn dial_offering(url: &str, offered: &[&str]) -> Result<Self, Error> {
        let address = url.trim_start_matches("ws://").trim_end_matches('/');
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = ClientRequestBuilder::new(url.parse().unwrap());
        for &protocol in offered {
            request = request.with_sub_protocol(protocol);
        }
        let (mut socket, response) = client(request, stream).map_err(|error| match error {
            tokio_tungstenite::tungstenite::HandshakeError::Failure(error) => error,
            interrupted @ tokio_tungstenite::tungstenite::HandshakeError::Interrupted(_) => {
                panic!("the upgrade is not answered: {interrupted}")
            }
        })?;
        socket.set_config(unlimited);
        let protocol = response.headers().get("sec-websocket-protocol");
        let protocol = protocol.map(|name| name.to_str().unwrap().to_owned());
        let offered = offered.iter().map(|&name| name.to_owned()).collect();
        Ok(Self { socket, protocol, offered })
    }

    pub(crate) fn send(&mut self, message: &Message) {
        self.send_text(&message.to_text());
    }

    /// Sends all of these at once: nothing can come between them.
    pub(crate) fn send_together(&mut self, messages: &[Message]) {
        self.socket.get_mut().set_write_timeout(Some(PATIENCE)).unwrap();
        for message in messages {
            self.socket.write(Frame::text(message.to_text())).unwrap();
        }
        self.socket.flush().unwrap();
    }

    pub(crate) fn send_text(&mut self, text: &str) {
        self.socket.get_mut().set_write_timeout(Some(PATIENCE)).unwrap();
        self.socket.send(Frame::text(text)).unwrap();
    }

    /// The next message, which must come.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Message {
        self.next_within(PATIENCE).expect("a message comes")
    }

    /// The next message, if it comes in time.
    pub(crate) fn next_within(&mut self, time: Duration) -> Option<Message> {
        match self.read(time)? {
            Ok(text) => Some(Message::parse(&text)),
            Err(end) => panic!("the link ended: {end:?}"),
        }
    }

    /// The code with which the node closes the link, and what came before, `None` if it ends
    /// without a closing frame.
    pub(crate) fn closing(&mut self, time: Duration) -> (Option<u16>, Vec<Message>) {
        let (started, mut said) = (Instant::now(), Vec::new());
        loop {
            match self.read(time.saturating_sub(started.elapsed())) {
                Some(Ok(text)) => said.push(Message::parse(&text)),
                Some(Err(code)) => return (code, said),
                None => panic!("the link is not closed; it said {said:?}"),
            }
        }
    }

    /// A text, or the end with its code, `None` if nothing came in time.
    fn read(&mut self, time: Duration) -> Option<Result<String, Option<u16>>> {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = left.max(Duration::from_millis(1));
            self.socket.get_mut().set_read_timeout(Some(left)).unwrap();
            match self.socket.read() {
                Ok(Frame::Text(text)) => return Some(Ok(text.as_str().to_owned())),
                Ok(Frame::Ping(_) | Frame::Pong(_)) => self.socket.flush().unwrap(),
                Ok(Frame::Close(close)) => {
                    let _ = self.socket.flush();
                    return Some(Err(close.map(|close| close.code.into())));
                }
                Ok(other) => panic!("a seed-like node dies of {other:?}"),
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if Instant::now() >= deadline {
                        return None;
                    }
                }
                Err(_) => return Some(Err(None)),
            }
        }
    }

    /// Ends it in order, and reads until the other side agrees.
    pub(crate) fn close(&mut self) {
        let _ = self.socket.close(None);
        let _ = self.closing(PATIENCE);
    }
}

/// A whole chain comes as one message.
fn unlimited(config: &mut WebSocketConfig) {
    *config = config.max_message_size(None).max_frame_size(None);
}

/// Where a scripted peer waits to be dialled.
pub(crate) struct Port(TcpListener);

impl Port {
    pub(crate) fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.0.local_addr().unwrap())
    }

    /// The next link, answered as npm `ws` does: with the first subprotocol offered.
    pub(crate) fn accept(&self) -> Link {
        self.accept_with(|offered| offered.first().cloned()).unwrap()
    }

    /// The next link, answered with the subprotocol that `choose` picks.
    pub(crate) fn accept_with(
        &self,
        choose: impl Fn(&[String]) -> Option<String>,
    ) -> Result<Link, Error> {
        let (stream, _) = self.0.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (mut offered, mut protocol) = (Vec::new(), None);
        #[expect(clippy::result_large_err, reason = "the library's own signature")]
        let answer = |request: &Request, mut response: Response| {
            for value in request.headers().get_all("sec-websocket-protocol") {
                let names = value.to_str().unwrap().split(',');
                offered.extend(names.map(|name| name.trim().to_owned()));
            }
            protocol = choose(&offered);
            if let Some(name) = &protocol {
                response.headers_mut().insert("sec-websocket-protocol", name.parse().unwrap());
            }
            Ok(response)
        };
        let mut socket = accept_hdr(stream, answer).map_err(|error| match error {
            tokio_tungstenite::tungstenite::HandshakeError::Failure(error) => error,
            interrupted @ tokio_tungstenite::tungstenite::HandshakeError::Interrupted(_) => {
                panic!("no upgrade is asked for: {interrupted}")
            }
        })?;
        socket.set_config(unlimited);
        Ok(Link { socket, protocol, offered })
    }

    /// Whether somebody dials within this time.
    pub(crate) fn is_dialled(&self, time: Duration) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let deadline = Instant::now() + time;
        let mut dialled = false;
        while !dialled && Instant::now() < deadline {
            dialled = self.0.accept().is_ok();
            std::thread::park_timeout(Duration::from_millis(5));
        }
        self.0.set_nonblocking(false).unwrap();
        dialled
    }
}
