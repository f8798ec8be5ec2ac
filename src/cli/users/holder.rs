//! Which process holds the lock of a file, as the system tells.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::MetadataExt as _;

use rustix::fs::{major, minor};

/// Most bytes that are read of the system's list of locks: more than 10,000 of them.
const MAX_LOCKS_BYTES: u64 = 1 << 20;

/// Returns who holds the lock of an open file, such as `process 4711 (jenny)`; `another process` if
/// the system does not tell.
pub(super) fn holder_of(file: &File) -> String {
    found(file).unwrap_or_else(|| "another process".to_owned())
}

fn found(file: &File) -> Option<String> {
    let of = file.metadata().ok()?;
    let place = format!("{:02x}:{:02x}:{}", major(of.dev()), minor(of.dev()), of.ino());
    let locks = File::open("/proc/locks").ok()?.take(MAX_LOCKS_BYTES);
    let mut lines = BufReader::new(locks).lines().map_while(Result::ok);
    let process = lines.find_map(|line| holder(&line, &place))?;
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    match name.trim_end() {
        "" => Some(format!("process {process}")),
        name => Some(format!("process {process} ({name})")),
    }
}

/// The process that holds the lock of a line, `None` if that is of another file, or of a process
/// that waits, or of one that this one cannot see.
fn holder(line: &str, place: &str) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    let (kind, process) = (words.next()?, words.nth(2)?.parse().ok()?);
    (kind == "FLOCK" && words.next()? == place && process > 0).then_some(process)
}

#[cfg(test)]
mod tests;
