//! The frames of a chain file: 14 bytes of head, and at most 1 MiB, compressed.

use std::io;

/// Most bytes of a frame's contents, before and after compression. 1 MiB.
pub(super) const MAX_ARCHIVE_FRAME: usize = 1 << 20;

/// Length of a frame's head, in bytes.
pub(super) const FRAME_HEAD: usize = 14;

/// Level of zstd.
const ARCHIVE_ZSTD_LEVEL: i32 = 3;

/// The contents end within an entry, which the next frame continues.
const CONTINUED: u8 = 1;

/// What a frame holds. Frames of a file are in this order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    /// Which chain it is.
    Start = b'a' as isize,
    /// Blocks of the main chain.
    Blocks = b'b' as isize,
    /// Marks of own records.
    Marks = b'm' as isize,
    /// Own records that wait.
    Pending = b'p' as isize,
}

/// The head of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) is_continued: bool,
    /// Bytes of the contents.
    pub(super) length: usize,
    /// Bytes that follow the head. As many as the contents have: these are not compressed.
    pub(super) stored: usize,
    checksum: u32,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        let all = [Self::Start, Self::Blocks, Self::Marks, Self::Pending];
        all.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// Writes a frame, whose contents are 1 byte to [`MAX_ARCHIVE_FRAME`].
///
/// # Errors
/// When there is no memory.
pub(super) fn encode(kind: Kind, is_continued: bool, contents: &[u8]) -> io::Result<Vec<u8>> {
    debug_assert!((1..=MAX_ARCHIVE_FRAME).contains(&contents.len()), "the encoder cuts frames");
    let compressed = zstd::bulk::compress(contents, ARCHIVE_ZSTD_LEVEL)?;
    let stored = if compressed.len() < contents.len() { &compressed[..] } else { contents };
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(io::Error::other);
    let mut frame = Vec::with_capacity(FRAME_HEAD + stored.len());
    frame.extend_from_slice(&[kind as u8, if is_continued { CONTINUED } else { 0 }]);
    frame.extend_from_slice(&length(contents)?.to_be_bytes());
    frame.extend_from_slice(&length(stored)?.to_be_bytes());
    let checksum = checksum(&frame, stored);
    frame.extend_from_slice(&checksum.to_be_bytes());
    frame.extend_from_slice(stored);
    Ok(frame)
}

impl Head {
    /// Reads a head; else says what is wrong. The lengths are within their bounds.
    pub(super) fn decode(bytes: &[u8; FRAME_HEAD]) -> Result<Self, &'static str> {
        let [kind, flags, rest @ ..] = *bytes;
        let kind = Kind::of(kind).ok_or("a frame is of an unknown kind")?;
        if flags > CONTINUED {
            return Err("a frame has unknown flags");
        }
        let (numbers, _) = rest.as_chunks();
        let [length, stored, checksum] = numbers else {
            return Err("the head of a frame is too short");
        };
        let of = |bytes| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);
        let (length, stored) = (of(*length), of(*stored));
        if !(1..=MAX_ARCHIVE_FRAME).contains(&length) || !(1..=length).contains(&stored) {
            return Err("the length of a frame is out of bounds");
        }
        let checksum = u32::from_be_bytes(*checksum);
        Ok(Self { kind, is_continued: flags == CONTINUED, length, stored, checksum })
    }

    /// The contents of the frame that these bytes follow; else says what is wrong.
    pub(super) fn contents(
        &self,
        head: &[u8; FRAME_HEAD],
        stored: Vec<u8>,
    ) -> Result<Vec<u8>, &'static str> {
        let checked = head.first_chunk::<{ FRAME_HEAD - 4 }>().map(|head| checksum(head, &stored));
        if checked != Some(self.checksum) {
            return Err("the checksum of a frame does not fit");
        }
        if self.stored == self.length {
            return Ok(stored);
        }
        let contents = zstd::bulk::decompress(&stored, self.length);
        let contents = contents.map_err(|_| "a frame does not decompress")?;
        if contents.len() == self.length { Ok(contents) } else { Err("a frame has another length") }
    }
}

/// CRC-32 over the head before the checksum and over what follows it.
fn checksum(head: &[u8], stored: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(stored);
    hasher.finalize()
}
