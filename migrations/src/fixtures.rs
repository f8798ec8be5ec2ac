//! Small databases as each released schema's own code wrote them.
//!
//! The writers are frozen with their schema: they know the bytes by themselves,
//! so that a change of the node's code cannot change what an old database was.

use std::path::Path;
use std::time::{Duration, Instant};

/// A block as schema 1 keeps it.
#[derive(Clone, Debug)]
pub struct Schema1Block {
    /// SHA-256 of the header.
    pub hash: [u8; 32],
    /// The encoded header.
    pub header: [u8; 132],
    /// Work from genesis up to and with the block, big-endian.
    pub total_work: [u8; 32],
    /// The records.
    pub records: Vec<String>,
}

/// How long a lock that nobody should hold is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// Opens the database of the folder, or makes one. Waits for its lock: a process that another
/// thread of this one is just starting holds a copy of every lock until it runs its own program.
///
/// # Errors
/// When the database cannot be opened, or is held longer than half a minute.
pub fn open(folder: &Path) -> sled::Result<sled::Db> {
    let config = sled::Config::new().path(folder).segment_size(2 << 20);
    let started = Instant::now();
    loop {
        match config.open() {
            Err(sled::Error::Io(error))
                if error.to_string().contains("could not acquire lock")
                    && started.elapsed() < LOCK_PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            opened => return opened,
        }
    }
}

/// Writes a database of schema 1 into a new folder: tree `chain` with the spec's text, the blocks
/// from genesis on under `b` and their height, bodies up to 4 KiB inline, and the
/// schema number. No history tile, so at most 255 blocks.
///
/// # Errors
/// When the database fails.
pub fn write_schema_1(folder: &Path, spec: &str, blocks: &[Schema1Block]) -> sled::Result<()> {
    let db = open(folder)?;
    let chain = db.open_tree("chain")?;
    chain.insert("spec", spec)?;
    for (height, block) in (0_u64..).zip(blocks) {
        let mut key = vec![b'b'];
        key.extend_from_slice(&height.to_be_bytes());
        let mut value = Vec::new();
        value.extend_from_slice(&block.hash);
        value.extend_from_slice(&block.header);
        value.extend_from_slice(&block.total_work);
        // Body tag 0: inline. Then postcard's sequence of strings: lengths as LEB128.
        value.push(0);
        push_varint(&mut value, block.records.len());
        for record in &block.records {
            push_varint(&mut value, record.len());
            value.extend_from_slice(record.as_bytes());
        }
        chain.insert(key, value)?;
    }
    chain.insert("schema", &1_u64.to_be_bytes())?;
    db.flush()?;
    Ok(())
}

/// What schema 2 keeps of peers.
#[derive(Clone, Debug)]
pub enum Schema2Peer {
    /// One that was added or reached: its address, last success and failures.
    Known(String, u64, u32),
    /// An address that another peer gave and that was never reached, with its failures.
    Learned(String, u32),
    /// An IP address (IPv4 mapped into IPv6) that is kept out until a time, and why.
    Ban([u8; 16], u64, String),
}

/// Writes a database of schema 2: one of schema 1 with what is known of peers.
///
/// # Errors
/// When the database fails.
pub fn write_schema_2(
    folder: &Path,
    spec: &str,
    blocks: &[Schema1Block],
    known: &[Schema2Peer],
) -> sled::Result<()> {
    write_schema_1(folder, spec, blocks)?;
    let db = open(folder)?;
    let peers = db.open_tree("peers")?;
    for peer in known {
        let (tag, name, number, rest) = match peer {
            Schema2Peer::Known(address, success, failures) => {
                (b"a", address.as_bytes(), *success, failures.to_be_bytes().to_vec())
            }
            Schema2Peer::Learned(address, failures) => {
                (b"l", address.as_bytes(), 0, failures.to_be_bytes().to_vec())
            }
            Schema2Peer::Ban(address, until, reason) => {
                (b"b", address.as_slice(), *until, reason.as_bytes().to_vec())
            }
        };
        peers.insert([tag, name].concat(), [&number.to_be_bytes()[..], &rest].concat())?;
    }
    db.open_tree("chain")?.insert("schema", &2_u64.to_be_bytes())?;
    db.flush()?;
    Ok(())
}

fn push_varint(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push(low_seven(value) | 0x80);
        value >>= 7;
    }
    out.push(low_seven(value));
}

fn low_seven(value: usize) -> u8 {
    u8::try_from(value & 0x7f).unwrap_or_default()
}
