//! The chain file: a chain or a part of it in one portable file, as `docs/archive.md` specifies.

mod boundary;
mod decoder;
mod encoder;
mod error;
mod export;
mod frame;
mod start;

pub use boundary::Boundary;
pub use decoder::{Decoder, Item};
pub use encoder::Encoder;
pub use error::ArchiveError;
pub use export::{ChainExport, ExportRange, RangeError};
pub use start::Start;

/// What a chain file begins with. A transfer as text changes it.
const MAGIC: [u8; 8] = *b"\x89JCF\r\n\x1a\n";

/// The version of the format.
const ARCHIVE_VERSION: u16 = 1;

/// The first byte of the end of a file, in the place of the kind of a frame.
const ARCHIVE_END: u8 = b'e';

#[cfg(test)]
mod tests;
