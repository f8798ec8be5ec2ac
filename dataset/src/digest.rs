//! Bytes on their way, counted and hashed.

use std::io::{self, Read, Write};

use jenny_chain::chain::Hash;
use sha2::{Digest as _, Sha256};

/// Bytes that are read at a time.
const DIGEST_BYTES: usize = 64 << 10;

/// How many bytes a file has, and their SHA-256.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Digest {
    pub(crate) bytes: u64,
    pub(crate) sha256: Hash,
}

impl Digest {
    /// Reads `input` to its end.
    pub(crate) fn of(input: &mut dyn Read) -> io::Result<Self> {
        let mut hashing = Hashing::new(io::sink());
        let mut buffer = vec![0; DIGEST_BYTES];
        loop {
            let count = input.read(&mut buffer)?;
            if count == 0 {
                return Ok(hashing.finish().1);
            }
            hashing.write_all(buffer.get(..count).unwrap_or_default())?;
        }
    }
}

/// Passes on what is written, and hashes it.
pub(crate) struct Hashing<W> {
    inner: W,
    bytes: u64,
    sha256: Sha256,
}

impl<W> Hashing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, bytes: 0, sha256: Sha256::new() }
    }

    pub(crate) fn finish(self) -> (W, Digest) {
        let sha256 = Hash::new(self.sha256.finalize().into());
        (self.inner, Digest { bytes: self.bytes, sha256 })
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.sha256.update(buffer.get(..count).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
