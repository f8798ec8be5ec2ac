//! The binary dialect between real processes, and against scripted peers that mean ill.

mod five;
mod flood;
mod hostile;
mod interop;
mod resume;
mod scripted;
mod served;
mod several;
#[path = "../../../../benches/speed/stored.rs"]
mod stored;
mod transcript;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use crate::process::{PATIENCE, open_here};

/// A number that the environment may name.
fn setting<T: FromStr<Err: std::fmt::Debug>>(name: &str, otherwise: T) -> T {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// A `dev` chain of this many blocks below `data` in this directory, with one record of 300
/// bytes each.
fn store(directory: &Path, blocks: u64) {
    let _open = open_here();
    stored::store(&directory.join("data"), blocks, 1, RECORD);
}

/// Longest until every block of a chain is read and checked, on a machine that does other work too.
/// The background check rests three quarters of its time.
fn checking(blocks: u64) -> Duration {
    PATIENCE + 4 * Duration::from_millis(blocks)
}

/// Bytes of a stored block's record.
const RECORD: usize = 300;
