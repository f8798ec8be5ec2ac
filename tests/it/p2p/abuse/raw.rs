//! A WebSocket client that keeps no rule it is not told to: sockets, bytes and frames.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::process::PATIENCE;

/// The bit of a frame's second byte that says it is masked.
const MASKED: u8 = 0x80;

/// A connection, before or after its upgrade.
pub(crate) struct Raw {
    stream: TcpStream,
    /// What was received and not read yet.
    buffer: Vec<u8>,
    head: String,
}

/// An upgrade request, with these header lines more.
pub(crate) fn request(more: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

/// A frame as it came.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) is_last: bool,
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

/// How a connection stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// Closed with this code.
    Code(u16),
    /// Ended, or closed without a code.
    Gone,
    /// Still there.
    Open,
}

impl Raw {
    pub(crate) fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::on(stream)
    }

    pub(crate) fn on(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, buffer: Vec::new(), head: String::new() }
    }

    /// A link, upgraded as a seed-like node's is.
    pub(crate) fn link(address: &str) -> Self {
        // Places are given back a moment after a link's end.
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut raw = Self::connect(address);
            match raw.try_upgrade("") {
                Some(101) => return raw,
                refused if Instant::now() > deadline => panic!("no link: {refused:?}"),
                _ => std::thread::park_timeout(Duration::from_millis(20)),
            }
        }
    }

    /// Asks for an upgrade, with these header lines more; the answer's status.
    pub(crate) fn upgrade(&mut self, more: &str) -> Option<u16> {
        let status = self.try_upgrade(more);
        assert!(status.is_some(), "no answer: {:?}", String::from_utf8_lossy(&self.buffer));
        status
    }

    /// As [`Self::upgrade`], `None` if the connection ends first.
    pub(crate) fn try_upgrade(&mut self, more: &str) -> Option<u16> {
        self.ask(more).then_some(())?;
        self.answer()
    }

    /// Asks for an upgrade, with these header lines more; whether the other side took it.
    pub(crate) fn ask(&mut self, more: &str) -> bool {
        self.bytes(request(more).as_bytes())
    }

    /// Reads the head of an answer; its status, or none when the connection ends first.
    pub(crate) fn answer(&mut self) -> Option<u16> {
        let end = loop {
            let end = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
            if !self.fill(PATIENCE).ok()? {
                return None;
            }
        };
        self.head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        self.head.split(' ').nth(1)?.parse().ok()
    }

    /// The head of the answer.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    /// Sends bytes; whether the other side took them.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Sends bytes; whether the other side took them within this time.
    pub(crate) fn bytes_within(&mut self, bytes: &[u8], time: Duration) -> bool {
        self.stream.set_write_timeout(Some(time)).unwrap();
        self.bytes(bytes)
    }

    pub(crate) fn text(&mut self, text: &str) -> bool {
        self.send(true, 1, text.as_bytes())
    }

    /// Sends a frame; whether the other side took it.
    pub(crate) fn send(&mut self, is_last: bool, opcode: u8, payload: &[u8]) -> bool {
        self.declare(is_last, opcode, payload.len() as u64) && self.bytes(payload)
    }

    /// Sends the head of a frame, masked with zeros, which change nothing.
    pub(crate) fn declare(&mut self, is_last: bool, opcode: u8, length: u64) -> bool {
        let mut head = vec![u8::from(is_last) << 7 | opcode];
        match length {
            0..126 => head.push(MASKED | u8::try_from(length).unwrap()),
            126..0x1_0000 => {
                head.push(MASKED | 0x7e);
                head.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                head.push(MASKED | 0x7f);
                head.extend(length.to_be_bytes());
            }
        }
        head.extend([0; 4]);
        self.bytes(&head)
    }

    /// The next frame; none at the end, an error when none came in time.
    pub(crate) fn frame(&mut self, time: Duration) -> Result<Option<Frame>, ()> {
        let deadline = Instant::now() + time;
        loop {
            if let Some(frame) = self.take_frame() {
                return Ok(Some(frame));
            }
            if !self.fill(deadline.saturating_duration_since(Instant::now()))? {
                return Ok(None);
            }
        }
    }

    fn take_frame(&mut self) -> Option<Frame> {
        let (&first, &second) = (self.buffer.first()?, self.buffer.get(1)?);
        assert_eq!(second & MASKED, 0, "a server masks nothing");
        let (at, length) = match second {
            126 => (4, u64::from(u16::from_be_bytes(self.buffer.get(2..4)?.try_into().unwrap()))),
            127 => (10, u64::from_be_bytes(self.buffer.get(2..10)?.try_into().unwrap())),
            short => (2, u64::from(short)),
        };
        let end = at + usize::try_from(length).unwrap();
        let payload = self.buffer.get(at..end)?.to_vec();
        self.buffer.drain(..end);
        Some(Frame { is_last: first & 0x80 != 0, opcode: first & 0x0f, payload })
    }

    /// Reads more; false at the end, an error when nothing came in time.
    fn fill(&mut self, time: Duration) -> Result<bool, ()> {
        self.stream.set_read_timeout(Some(time.max(Duration::from_millis(1)))).unwrap();
        let mut bytes = [0; 16 << 10];
        match self.stream.read(&mut bytes) {
            Ok(0) => Ok(false),
            Ok(count) => {
                self.buffer.extend_from_slice(&bytes[..count]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(())
            }
            Err(_) => Ok(false),
        }
    }

    /// How the connection stands once it has ended, or after this time.
    pub(crate) fn ending(&mut self, time: Duration) -> End {
        let deadline = Instant::now() + time;
        loop {
            match self.frame(deadline.saturating_duration_since(Instant::now())) {
                Ok(Some(frame)) if frame.opcode == 8 => {
                    let code = frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                    return code.map_or(End::Gone, End::Code);
                }
                // Somebody talks on and on.
                Ok(Some(_)) if Instant::now() >= deadline => return End::Open,
                Ok(Some(_)) => {}
                Ok(None) => return End::Gone,
                Err(()) => return End::Open,
            }
        }
    }

    /// Whether everything before was read and the link still answers: a ping comes back.
    pub(crate) fn is_alive(&mut self) -> bool {
        if !self.send(true, 9, b"there?") {
            return false;
        }
        loop {
            match self.frame(PATIENCE) {
                Ok(Some(frame)) if frame.payload == b"there?" => return frame.opcode == 10,
                Ok(Some(frame)) if frame.opcode != 8 => {}
                _ => return false,
            }
        }
    }

    /// Whether the connection ends within this time, whatever is said before.
    pub(crate) fn ends(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            match self.fill(deadline.saturating_duration_since(Instant::now())) {
                Ok(true) => self.buffer.clear(),
                Ok(false) => return true,
                Err(()) => return false,
            }
        }
    }
}
