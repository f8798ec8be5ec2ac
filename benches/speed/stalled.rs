//! A peer of the binary dialect that claims a chain and then sends nothing.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use jenny_chain::chain::{Height, Spec, Timestamp, Work};
use jenny_chain::sync::message::{Hello, Message};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Message as Frame, accept_hdr};

/// Listens, and claims this many blocks of this much work to every peer that links. Never responds.
pub(crate) fn start(height: u64, work: Work) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || stall(stream.unwrap(), height, work));
        }
    });
    url
}

fn stall(stream: TcpStream, height: u64, work: Work) {
    #[expect(clippy::result_large_err, reason = "the library's callback")]
    let choose = |_: &Request, mut response: Response| {
        let token = HeaderValue::from_static("jenny.postcard.1");
        response.headers_mut().insert("sec-websocket-protocol", token);
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr(stream, choose) else { return };
    let hello = Hello {
        lowest: 1,
        highest: 1,
        capabilities: 0,
        genesis: Spec::dev().genesis().hash(),
        nonce: 4,
        agent: "stalled".to_owned(),
        listen: None,
        height: Height::new(height),
        work,
        time: Timestamp::from_millis(now_millis()),
    };
    let frame = Message::Hello(hello).encode().unwrap();
    if socket.send(Frame::binary(frame)).is_ok() {
        // Pings are answered while it reads.
        while socket.read().is_ok() {}
    }
}

fn now_millis() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.unwrap_or(Duration::ZERO).as_millis()).unwrap()
}
