//! What listens where a node should.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Listens, and responds to each request by a function.
pub(crate) struct HttpNode {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HttpNode {
    /// `respond` gets the number of the request among those of its route, its route, and the
    /// connection, which is closed afterwards.
    pub(crate) fn new(
        respond: impl Fn(usize, &str, &mut TcpStream) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(route) = route(&stream) else { continue };
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(route.clone());
                    seen.iter().filter(|other| **other == route).count() - 1
                };
                // A client may leave at any time.
                drop(respond(number, &route, &mut stream));
            }
        });
        Self { url, asked }
    }

    /// How often this route was asked for.
    pub(crate) fn asked(&self, route: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == route).count()
    }
}

/// Reads a request. Returns its route.
fn route(stream: &TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    // The other lines of the head.
    lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
    Some(first.split([' ', '?']).nth(1)?.to_owned())
}

/// Sends a whole response, or with `length` one that claims this length.
pub(crate) fn send(stream: &mut TcpStream, body: &[u8], length: Option<usize>) -> io::Result<()> {
    let length = length.unwrap_or(body.len());
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")?;
    stream.write_all(body)
}

/// Sends the status of a node with this tip.
pub(crate) fn send_tip(stream: &mut TcpStream, height: usize) -> io::Result<()> {
    send(stream, format!("{{\"tip\":{{\"height\":{height}}}}}").as_bytes(), None)
}

/// Sends these bytes, and then the same text until the client leaves.
pub(crate) fn send_for_ever(stream: &mut TcpStream, begin: &str, text: &str) -> io::Result<()> {
    stream.write_all(begin.as_bytes())?;
    let text = text.repeat(1_000);
    loop {
        stream.write_all(text.as_bytes())?;
    }
}

/// Sends nothing more until the client leaves.
pub(crate) fn fall_silent(stream: &mut TcpStream) -> io::Result<()> {
    io::copy(stream, &mut io::sink()).map(drop)
}
