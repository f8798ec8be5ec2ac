//! One flipped byte, anywhere in the files of a database: what comes out is right, or the
//! program says that the database is damaged. Never a wrong block, a panic or a hang.
//!
//! A sample by default; `JENNY_TEST_FLIP_BYTES` is another number of them, or `all`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jenny_chain::chain::test_util::extend;
use jenny_chain::chain::{Spec, TipState};
use jenny_chain::store::{Options, open};

use crate::process::{Jenny, Running, open_here};
use crate::support::random::Random;

/// Bytes flipped without the variable.
const DEFAULT_FLIPS: u64 = 60;

/// Writes a small database, of segments as small as its blocks allow, so that every byte can be
/// tried: blocks, a large body, a reorg with what it disconnected, and three openings.
fn small_database(directory: &Path) {
    let options = Options {
        chain: Some(Spec::dev()),
        min_free_bytes: 0,
        segment_bytes: 8 << 10,
        ..Options::default()
    };
    let (mut one, mut two) = (TipState::genesis(&Spec::dev()), TipState::genesis(&Spec::dev()));
    let mut opened = open(directory, &options, &mut |_| ()).unwrap();
    for number in 0..6 {
        opened
            .writer
            .append(&extend(&Spec::dev(), &mut one, vec![format!("one {number}")], 1))
            .unwrap();
        opened.writer.commit().unwrap();
    }
    drop(opened);
    let mut opened = open(directory, &options, &mut |_| ()).unwrap();
    for number in 0..7 {
        opened
            .writer
            .store_branch_block(&extend(&Spec::dev(), &mut two, vec![format!("two {number}")], 1))
            .unwrap();
    }
    opened.writer.reorg(two.id()).unwrap();
    drop(opened);
    let mut opened = open(directory, &options, &mut |_| ()).unwrap();
    opened.writer.append(&extend(&Spec::dev(), &mut two, vec!["l".repeat(5_000)], 1)).unwrap();
    opened.writer.commit().unwrap();
    opened.writer.append(&extend(&Spec::dev(), &mut two, vec!["last".to_owned()], 1)).unwrap();
    opened.writer.commit().unwrap();
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

#[test]
fn a_flipped_byte_is_harmless_or_named() {
    let home = tempfile::tempdir().unwrap();
    let whole = home.path().join("whole");
    {
        let _open = open_here();
        small_database(&whole);
    }
    let bytes: Vec<(PathBuf, u64)> = files(&whole)
        .into_iter()
        .flat_map(|file| (0..fs::metadata(&file).unwrap().len()).map(move |at| (file.clone(), at)))
        .collect();
    let checked = home.path().join("checked");
    copy(&whole, &checked);
    let expected = Jenny::new("dump").arg("--data-dir", &checked).done().ok();
    assert_eq!(expected.lines().count(), 10);

    let wanted = std::env::var("JENNY_TEST_FLIP_BYTES").unwrap_or_default();
    let total = bytes.len() as u64;
    let count = if wanted == "all" { total } else { wanted.parse().unwrap_or(DEFAULT_FLIPS) };
    let mut random = Random::new(1);
    let (mut right, mut named) = (0_u64, 0_u64);
    for number in 0..count {
        // All of them in order, or a sample that is the same in every run.
        let at = if wanted == "all" { number } else { random.within(0, total) };
        let (file, offset) = &bytes[usize::try_from(at).unwrap()];
        let torn = home.path().join("torn");
        copy(&whole, &torn);
        flip(&torn.join(file.strip_prefix(&whole).unwrap()), *offset);
        let place = format!("{} at {offset}", file.display());
        // Every fourth through a running node, which is what serves.
        let is_right = if number % 4 == 3 {
            served(&torn, &expected, &place)
        } else {
            dumped(&torn, &expected, &place)
        };
        if is_right {
            right += 1;
        } else {
            named += 1;
        }
        fs::remove_dir_all(&torn).unwrap();
    }
    println!("{count} of {total} bytes flipped: {right} times right, {named} times named");
    assert!(right > 0 && named > 0, "the flips reach what matters and what does not");
}

fn flip(file: &Path, offset: u64) {
    let mut bytes = fs::read(file).unwrap();
    bytes[usize::try_from(offset).unwrap()] ^= 0x55;
    fs::write(file, bytes).unwrap();
}

/// Whether `dump` gave the right blocks; it must have named the damage otherwise.
fn dumped(directory: &Path, expected: &str, place: &str) -> bool {
    let done = Jenny::new("dump").arg("--data-dir", directory).done();
    assert!(!done.err.contains("panicked"), "{place}: {}", done.err);
    match done.code {
        Some(0) => assert_eq!(done.out, expected, "{place}"),
        code => {
            assert_eq!(code, Some(4), "{place}: {}", done.err);
            assert!(expected.starts_with(&done.out), "{place}: a wrong block was printed");
        }
    }
    done.code == Some(0)
}

/// Whether a node served the right blocks.
fn served(directory: &Path, expected: &str, place: &str) -> bool {
    let command = Jenny::new("run").words("--api-listen 127.0.0.1:0").arg("--data-dir", directory);
    let node = match Running::try_start(command) {
        Ok(node) => node,
        Err(done) => {
            assert_eq!(done.code, Some(4), "{place}: {}", done.err);
            assert!(!done.err.contains("panicked"), "{place}: {}", done.err);
            return false;
        }
    };
    let array = format!("[{}]", expected.lines().collect::<Vec<_>>().join(","));
    match node.try_get("/chains") {
        Some((200, chains)) => {
            assert_eq!(chains, array, "{place}");
            return true;
        }
        Some((status, problem)) => {
            assert!(status == 500 && problem.contains("damaged"), "{place}: {status} {problem}");
        }
        // Cut off in the middle, never ended as if it were whole.
        None => {}
    }
    // Damage that only a read or the background check finds ends the node.
    let ended = node.wait(Instant::now());
    assert_eq!(ended.code, Some(4), "{place}: {}", ended.err);
    assert!(!ended.err.contains("panicked"), "{place}: {}", ended.err);
    false
}
