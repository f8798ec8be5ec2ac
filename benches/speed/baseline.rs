//! What the machine can do without us: sled alone in our layout, and a bare hash loop.

use std::fs::File;
use std::hint::black_box;
use std::time::{Duration, Instant};

use jenny_chain::chain::{Midstate, Spec};

/// A new database with the node's settings, its directory, and its file for fdatasync.
fn fresh_sled() -> (tempfile::TempDir, sled::Db, File) {
    let home = tempfile::tempdir().unwrap();
    let db = sled::Config::new()
        .path(home.path().join("db"))
        .segment_size(2 << 20)
        .cache_capacity(32 << 20)
        .flush_every_ms(Some(500))
        .open()
        .unwrap();
    let file = File::open(home.path().join("db/db")).unwrap();
    (home, db, file)
}

/// Blocks per second that sled alone makes durable: one insert a block under a nine-byte
/// key, 132 + 32 + 32 + 1 bytes and a 300-byte record, flush and fdatasync a group.
pub(crate) fn sled_alone(group: u64, blocks: u64) -> f64 {
    let (_home, db, file) = fresh_sled();
    let tree = db.open_tree("chain").unwrap();
    let mut value = vec![0_u8; 132 + 32 + 32 + 1 + 303];
    let started = Instant::now();
    for height in 0..blocks {
        // Not compressible, and different in each block.
        for (chunk, number) in value.chunks_mut(8).zip(height.wrapping_mul(0x9e37_79b9_7f4a_7c15)..)
        {
            chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
        }
        let mut key = vec![b'b'];
        key.extend_from_slice(&height.to_be_bytes());
        tree.insert(key, value.as_slice()).unwrap();
        if (height + 1) % group == 0 {
            db.flush().unwrap();
            file.sync_data().unwrap();
        }
    }
    blocks as f64 / started.elapsed().as_secs_f64()
}

/// Blocks of a MiB per second that sled alone makes durable: 64 chunks of 16 KiB each, flush and
/// fdatasync every eight blocks.
pub(crate) fn sled_chunks(blocks: u64) -> f64 {
    let (_home, db, file) = fresh_sled();
    let tree = db.open_tree("bodies").unwrap();
    let mut value = vec![0_u8; 16 << 10];
    let started = Instant::now();
    for height in 0..blocks {
        for chunk in 0..64_u16 {
            let seed = (height << 16 | u64::from(chunk)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            for (word, number) in value.chunks_mut(8).zip(seed..) {
                word.copy_from_slice(&number.to_le_bytes());
            }
            let mut key = height.to_be_bytes().to_vec();
            key.extend_from_slice(&chunk.to_be_bytes());
            tree.insert(key, value.as_slice()).unwrap();
        }
        if (height + 1) % 8 == 0 {
            db.flush().unwrap();
            file.sync_data().unwrap();
        }
    }
    blocks as f64 / started.elapsed().as_secs_f64()
}

/// Hashes per second of a loop that only compresses and compares, on this many threads.
pub(crate) fn bare_midstate(threads: usize, time: Duration) -> f64 {
    let started = Instant::now();
    let hashes: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let genesis = Spec::dev().genesis();
                    let mut midstate = Midstate::of(genesis.header());
                    let mut hashes = 0;
                    let mut nonce = 0_u32;
                    while started.elapsed() < time {
                        for _ in 0..4_096 {
                            black_box(midstate.hash(nonce).as_bytes()[0] == 1);
                            nonce = nonce.wrapping_add(1);
                        }
                        hashes += 4_096;
                    }
                    hashes
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    hashes as f64 / started.elapsed().as_secs_f64()
}
