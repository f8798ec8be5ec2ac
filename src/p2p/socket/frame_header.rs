//! The header of a WebSocket frame (RFC 6455 section 5.2).

/// The header before a frame's payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Header {
    pub(super) is_final: bool,
    /// The three reserved bits and the opcode, as they came.
    pub(super) kind: u8,
    /// Of the payload, in bytes.
    pub(super) length: u64,
    pub(super) mask: Option<[u8; 4]>,
}

impl Header {
    /// Reads a header, if it is whole. Returns its own length too.
    pub(super) fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let (length, rest) = match second & 0x7f {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*length), rest)
            }
            length => (u64::from(length), rest),
        };
        let (mask, rest) = if second & 0x80 == 0 {
            (None, rest)
        } else {
            let (mask, rest) = rest.split_first_chunk()?;
            (Some(*mask), rest)
        };
        let header = Self { is_final: first & 0x80 != 0, kind: first & 0x7f, length, mask };
        Some((header, bytes.len() - rest.len()))
    }

    /// The shortest form.
    pub(super) fn encode(&self) -> Vec<u8> {
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![u8::from(self.is_final) << 7 | self.kind];
        if let Ok(length @ ..126) = u8::try_from(self.length) {
            bytes.push(masked | length);
        } else if let Ok(length) = u16::try_from(self.length) {
            bytes.push(masked | 0x7e);
            bytes.extend_from_slice(&length.to_be_bytes());
        } else {
            bytes.push(masked | 0x7f);
            bytes.extend_from_slice(&self.length.to_be_bytes());
        }
        bytes.extend(self.mask.into_iter().flatten());
        bytes
    }

    /// Close, ping, pong, and what may come to be one.
    pub(super) const fn is_control(&self) -> bool {
        self.kind & 0x08 != 0
    }

    /// Whether it goes on with a message.
    pub(super) const fn is_continuation(&self) -> bool {
        self.kind.trailing_zeros() >= 4
    }

    /// Cuts a fragment of at most `max` bytes off a data frame, a multiple of four so that
    /// the mask fits both. Returns the rest of the frame too.
    pub(super) const fn split(self, max: u64) -> (Self, Option<Self>) {
        if self.is_control() || self.length <= max {
            return (self, None);
        }
        let head = Self { is_final: false, length: max, ..self };
        (head, Some(Self { kind: 0, length: self.length - max, ..self }))
    }
}
