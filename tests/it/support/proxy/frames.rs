//! What a server says over a cable: how many bytes of each kind of message, told by the first
//! byte of its payload.

/// One direction of one connection, unmasked, from the answer to the upgrade on.
#[derive(Default)]
pub(super) struct Frames {
    /// The answer to the upgrade, and then the head of the frame that is being read.
    head: Vec<u8>,
    is_upgraded: bool,
    /// Bytes to come of the frame's payload.
    left: u64,
    is_control: bool,
    /// The first byte of the message.
    kind: Option<u8>,
}

impl Frames {
    /// Takes what came, and counts it.
    pub(super) fn take(&mut self, mut bytes: &[u8], mut count: impl FnMut(u8, u64)) {
        while let Some(&first) = bytes.first() {
            if self.left > 0 {
                let here = self.left.min(bytes.len() as u64);
                if !self.is_control {
                    count(*self.kind.get_or_insert(first), here);
                }
                self.left -= here;
                bytes = &bytes[usize::try_from(here).unwrap()..];
                continue;
            }
            bytes = &bytes[1..];
            self.head.push(first);
            if !self.is_upgraded {
                self.is_upgraded = self.head.ends_with(b"\r\n\r\n");
                if self.is_upgraded {
                    self.head.clear();
                }
            } else if let Some(length) = length(&self.head) {
                let operation = self.head[0] & 0x0f;
                self.is_control = operation >= 8;
                if !self.is_control && operation != 0 {
                    self.kind = None;
                }
                self.left = length;
                self.head.clear();
            }
        }
    }
}

/// The payload's length, of a frame's head that is whole.
fn length(head: &[u8]) -> Option<u64> {
    match (*head.get(1)? & 0x7f, head.get(2..)?) {
        (126, rest) => rest.first_chunk().map(|bytes| u16::from_be_bytes(*bytes).into()),
        (127, rest) => rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)),
        (short, _) => Some(short.into()),
    }
}

#[test]
fn bytes_are_counted_by_the_kind_of_their_message_however_they_are_cut() {
    let mut stream = b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n".to_vec();
    stream.extend([0x82, 3, 4, 9, 9]);
    // In two frames, with a ping between them.
    stream.extend([0x02, 126, 0, 130]);
    stream.extend([4; 130]);
    stream.extend([0x89, 2, 2, 2]);
    stream.extend([0x80, 1, 2]);
    stream.extend([0x82, 2, 2, 4]);
    for size in 1..stream.len() {
        let (mut frames, mut counted) = (Frames::default(), [0; 10]);
        for part in stream.chunks(size) {
            frames.take(part, |kind, bytes| counted[usize::from(kind)] += bytes);
        }
        assert_eq!((counted[4], counted[2], counted[9]), (134, 2, 0), "parts of {size}");
    }
}
