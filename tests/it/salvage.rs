//! `jenny repair --into`: flipped bytes anywhere in a database, and kill -9 in the midst of it.
//!
//! A sample of bytes by default; `JENNY_TEST_SALVAGE_FLIPS` is another number of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::crash::rounds;
use crate::process::{Chain, Jenny, tamper};
use crate::support::random::Random;

/// Bytes flipped without the variable.
const DEFAULT_FLIPS: u64 = 24;

/// Longest time of one repair on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn repair(dir: &Path, into: &Path) -> Jenny {
    Jenny::new("repair").arg("--data-dir", dir).arg("--into", into)
}

fn dump(dir: &Path) -> String {
    Jenny::new("dump").arg("--data-dir", dir).done().ok()
}

fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

fn write(files: &BTreeMap<PathBuf, Vec<u8>>, from: &Path, to: &Path) {
    for (path, bytes) in files {
        let path = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// What a partial repair lost, as its JSON names it.
fn losses(report: &Value) -> u64 {
    let totals = ["lostBlocks", "leftOut", "lostBatches"];
    let totals = totals.iter().map(|name| report[name]["total"].as_u64().unwrap());
    let unread = report["unread"].as_array().unwrap().len() as u64;
    totals.sum::<u64>() + report["lostBranchBlocks"].as_u64().unwrap() + unread
}

#[test]
fn of_a_database_with_a_flipped_byte_only_what_checks_is_salvaged() {
    let mut chain = Chain::long(120);
    let before_reorg = dump(&chain.dir());
    chain.disconnect_tip();
    let expected = dump(&chain.dir());
    let whole = files(&chain.dir());
    let listed: Vec<(&PathBuf, &Vec<u8>)> = whole.iter().collect();
    let all_bytes = |file: usize| (0..listed[file].1.len()).map(move |at| (file, at));
    let any: Vec<(usize, usize)> = (0..listed.len()).flat_map(all_bytes).collect();
    // A small database is mostly empty: every second byte is one that says something.
    let said: Vec<_> = any.iter().copied().filter(|&(file, at)| listed[file].1[at] != 0).collect();
    let count = std::env::var("JENNY_TEST_SALVAGE_FLIPS").unwrap_or_default();
    let count = count.parse().unwrap_or(DEFAULT_FLIPS);
    let mut random = Random::new(3);
    let (mut all, mut part, mut none) = (0_u64, 0_u64, 0_u64);
    let around = tempfile::tempdir().unwrap();
    for number in 0..count {
        let bytes = if number % 2 == 0 { &any } else { &said };
        let index = usize::try_from(random.within(0, bytes.len() as u64)).unwrap();
        let (file, at) = bytes[index];
        let (path, bytes) = listed[file];
        let place = format!("{} at {at}", path.display());
        let (torn, into) = (around.path().join("torn"), around.path().join("into"));
        write(&whole, &chain.dir(), &torn);
        let flipped = torn.join(path.strip_prefix(chain.dir()).unwrap());
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x55;
        fs::write(&flipped, &bytes).unwrap();
        let before = files(&torn);
        let done = repair(&torn, &into).words("--json").done_within(PATIENCE);
        assert!(!done.err.contains("panicked"), "{place}: {}", done.err);
        assert_eq!(files(&torn), before, "{place}: the damaged directory is as it was");
        match done.code {
            Some(0) => {
                assert_eq!(dump(&into), expected, "{place}");
                all += 1;
            }
            Some(1) => {
                let report: Value = serde_json::from_str(&done.out).unwrap();
                assert!(losses(&report) > 0, "{place}: {}", done.out);
                let salvaged = dump(&into);
                // The engine may have dropped the end of its log, with the reorg.
                let is_older = report["unread"].to_string().contains("before a reorg")
                    && before_reorg.starts_with(&salvaged);
                assert!(expected.starts_with(&salvaged) || is_older, "{place}: a wrong block");
                let blocks = salvaged.lines().count() as u64;
                assert_eq!(report["height"].as_u64().unwrap() + 1, blocks, "{place}");
                Jenny::new("verify").arg("--data-dir", &into).done().ok();
                part += 1;
            }
            code => {
                assert_eq!(code, Some(4), "{place}: {}", done.err);
                assert!(done.err.contains("nothing can be salvaged"), "{place}: {}", done.err);
                assert!(!into.exists(), "{place}");
                none += 1;
            }
        }
        assert!(!around.path().join(".into.repair").exists(), "{place}");
        fs::remove_dir_all(&torn).unwrap();
        drop(fs::remove_dir_all(&into));
    }
    println!("{count} bytes flipped: {all} times whole, {part} in part, {none} times nothing");
    assert!(all > 0 && part + none > 0, "the flips reach what matters and what does not");
}

#[test]
fn a_killed_repair_leaves_nothing_that_looks_whole_and_is_done_again() {
    let chain = Chain::long(600);
    let expected = dump(&chain.dir());
    let before = files(&chain.dir());
    let around = tempfile::tempdir().unwrap();
    let started = Instant::now();
    repair(&chain.dir(), &around.path().join("first")).done_within(PATIENCE).ok();
    let whole = started.elapsed();
    let mut killed = 0;
    rounds(|round, random| {
        let into = around.path().join(format!("into {round}"));
        let mut child = repair(&chain.dir(), &into).spawn();
        std::thread::sleep(random.delay(whole));
        child.kill().unwrap();
        child.wait().unwrap();
        if !into.exists() {
            killed += 1;
            repair(&chain.dir(), &into).done_within(PATIENCE).ok();
        }
        assert_eq!(dump(&into), expected);
        assert_eq!(files(&chain.dir()), before, "the damaged directory is as it was");
        fs::remove_dir_all(&into).unwrap();
        // A kill between the last rename and the removal leaves the folder, and nothing else.
        drop(fs::remove_dir_all(around.path().join(format!(".into {round}.repair"))));
        fs::remove_dir_all(around.path().join("first")).ok();
        assert_eq!(fs::read_dir(around.path()).unwrap().count(), 0);
    });
    assert!(killed > 0, "no repair was killed");
}

#[test]
fn what_is_lost_is_named_and_the_rest_salvaged() {
    let chain = Chain::long(30);
    fs::write(chain.dir().join("jenny.toml"), "# settings\n").unwrap();
    fs::write(chain.dir().join("users.toml"), "# users\n").unwrap();
    tamper::spoil_block(&chain.dir(), 21);
    let into = chain.around().join("new");
    let done = repair(&chain.dir(), &into).done();
    assert_eq!(done.code, Some(1), "{}", done.err);
    assert!(done.out.starts_with("partial height=20 records=20\n"), "{}", done.out);
    assert!(
        done.out.contains("\nlost        block 21, 1 record: merkle_root does not fit"),
        "{}",
        done.out
    );
    assert!(done.out.contains("\nleft out    blocks 22 to 30 check"), "{}", done.out);
    assert!(done.out.contains("\nsettings    jenny.toml, users.toml"), "{}", done.out);
    let long: Vec<_> = done.out.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "{long:?}");
    assert!(done.err.contains("salvaged in part") && done.err.contains("keep it"), "{}", done.err);
    assert!(into.join("users.toml").exists());
    let text = Jenny::new("verify").arg("--data-dir", &into).done().ok();
    assert!(text.starts_with("ok height=20 "), "{text}");
}

#[test]
fn what_cannot_be_repaired_into_is_refused() {
    let chain = Chain::long(3);
    let dir = chain.dir();
    let text = repair(&dir, &dir).done().failed(2);
    assert!(text.contains("exists and is no empty directory"), "{text}");
    let text = repair(&dir, &dir.join("new")).done().failed(2);
    assert!(text.contains("is in the damaged directory"), "{text}");
    let nowhere = chain.around().join("nowhere/new");
    assert!(repair(&dir, &nowhere).done().failed(2).contains("cannot be used"));
    let empty = tempfile::tempdir().unwrap();
    let text = repair(empty.path(), &empty.path().with_extension("new")).done().failed(2);
    assert!(text.contains("holds no chain"), "{text}");
    // What is not of a repair is not removed.
    let into = chain.around().join("new");
    let folder = chain.around().join(".new.repair");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mine"), "").unwrap();
    let text = repair(&dir, &into).done().failed(2);
    assert!(text.contains(".new.repair/mine is not of a repair"), "{text}");
    assert!(folder.join("mine").exists());
    fs::remove_file(folder.join("mine")).unwrap();
    fs::create_dir(&into).unwrap();
    let text = repair(&dir, &into).done().ok();
    assert!(text.starts_with("whole height=3 records=3\n"), "{text}");
    repair(&dir, &into).done().failed(2);
}

#[test]
fn a_lost_engine_is_named_with_what_to_do() {
    let chain = Chain::long(3);
    let file = chain.dir().join("db/db");
    let length = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
    fs::write(&file, vec![0x55; length]).unwrap();
    let into = chain.around().join("new");
    let text = repair(&chain.dir(), &into).done().failed(4);
    assert!(text.contains("nothing can be salvaged") && text.contains("backup"), "{text}");
    assert!(text.contains("peers") && !into.exists(), "{text}");
}
