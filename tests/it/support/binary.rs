//! A peer of the binary dialect that says what it is told.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use jenny_chain::chain::{Hash, Height, Spec, Timestamp, Work};
use jenny_chain::sync::message::{Hello, Message};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::PATIENCE;

/// What RFC 6455 calls the end of a link without a close frame.
const ABRUPT: u16 = 1006;

/// A link to a node.
pub(crate) struct BinarySocket(pub(crate) WebSocketStream<TcpStream>);

impl BinarySocket {
    /// Connects; says nothing yet.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = format!("ws://{address}").into_client_request().unwrap();
        let tokens = HeaderValue::from_static("jenny.json.1, jenny.postcard.1");
        request.headers_mut().insert("sec-websocket-protocol", tokens);
        let (socket, response) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "jenny.postcard.1");
        Self(socket)
    }

    /// Responds to a node that dials.
    pub(crate) async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        #[expect(clippy::result_large_err, reason = "the library's callback")]
        let choose = |_: &Request, mut response: Response| {
            let token = HeaderValue::from_static("jenny.postcard.1");
            response.headers_mut().insert("sec-websocket-protocol", token);
            Ok(response)
        };
        Self(tokio_tungstenite::accept_hdr_async(stream, choose).await.unwrap())
    }

    /// Connects and greets, and returns the node's Hello.
    pub(crate) async fn ready(address: SocketAddr) -> (Self, Hello) {
        let mut peer = Self::connect(address).await;
        peer.say(&Message::Hello(hello())).await;
        let hello = match peer.next().await {
            Ok(Message::Hello(hello)) => hello,
            other => panic!("not a Hello: {other:?}"),
        };
        (peer, hello)
    }

    pub(crate) async fn say(&mut self, message: &Message) {
        self.send(Frame::binary(message.encode().unwrap())).await;
    }

    /// As [`Self::say`]; fails when the node hung up.
    pub(crate) async fn try_say(&mut self, message: &Message) -> Result<(), Error> {
        self.0.send(Frame::binary(message.encode().unwrap())).await
    }

    pub(crate) async fn send(&mut self, frame: Frame) {
        self.0.send(frame).await.unwrap();
    }

    /// The next message, or the code of the close.
    pub(crate) async fn next(&mut self) -> Result<Message, u16> {
        tokio::time::timeout(PATIENCE, self.heard()).await.expect("a message or a close")
    }

    /// As [`Self::next`], however long it takes.
    pub(crate) async fn heard(&mut self) -> Result<Message, u16> {
        loop {
            match self.0.next().await {
                Some(Ok(Frame::Binary(frame))) => return Ok(Message::decode(&frame).unwrap()),
                Some(Ok(Frame::Close(frame))) => {
                    return Err(frame.map_or(0, |frame| frame.code.into()));
                }
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                Some(Ok(other)) => panic!("neither a message nor a close: {other:?}"),
                None | Some(Err(_)) => return Err(ABRUPT),
            }
        }
    }

    /// The next message that these patterns take, whatever comes before.
    pub(crate) async fn until<T>(&mut self, take: impl Fn(Message) -> Option<T>) -> T {
        loop {
            if let Some(taken) = take(self.next().await.expect("a message")) {
                return taken;
            }
        }
    }

    /// The code with which the node closes, whatever it says before.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }
}

/// What a fresh node on `dev` says of itself.
pub(crate) fn hello() -> Hello {
    Hello {
        lowest: 1,
        highest: 1,
        capabilities: 0,
        genesis: genesis(),
        nonce: 77,
        agent: "script/1".to_owned(),
        listen: None,
        height: Height::GENESIS,
        work: Work::default(),
        time: Timestamp::from_millis(0),
    }
}

pub(crate) fn genesis() -> Hash {
    Spec::dev().genesis().hash()
}
