//! Upgrades by the program itself: `jenny migrate`, kill -9 in the midst of it, and a database
//! that is too new.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jenny_chain::chain::Spec;
use migrations::fixtures::{write_schema_1, write_schema_2};
use serde_json::Value;

use super::blocks;
use crate::crash::rounds;
use crate::process::{Jenny, open_here};

/// Writes a data directory of this schema.
fn write(dir: &Path, schema: u64) {
    let _open = open_here();
    let (folder, spec) = (dir.join("db"), Spec::dev().canonical_text());
    match schema {
        1 => write_schema_1(&folder, &spec, &blocks()).unwrap(),
        _ => write_schema_2(&folder, &spec, &blocks(), &[]).unwrap(),
    }
}

fn migrate(dir: &Path, words: &str) -> Jenny {
    Jenny::new("migrate").words(words).arg("--data-dir", dir)
}

#[test]
fn the_steps_are_shown_and_run() {
    for schema in [1, 2] {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), schema);
        let text = migrate(dir.path(), "status").done().ok();
        assert!(text.starts_with(&format!("schema {schema}; this version needs 3\n")), "{text}");
        assert!(text.contains("m0003_record_trees") && text.contains("to do"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let status = migrate(dir.path(), "status --json").done().ok();
        let status: Value = serde_json::from_str(&status).unwrap();
        assert_eq!((&status["schema"], &status["newest"]), (&schema.into(), &3.into()));
        assert_eq!(status["pending"].as_array().unwrap().len() as u64, 3 - schema);

        let text = migrate(dir.path(), "run").done().ok();
        assert!(text.starts_with(&format!("migrated from schema {schema} to 3\n")), "{text}");
        let text = migrate(dir.path(), "run").done().ok();
        assert!(text.starts_with("schema 3, which is the newest of this version\n"), "{text}");
        let status = migrate(dir.path(), "status --json").done().ok();
        assert_eq!(status.trim(), "{\"schema\":3,\"newest\":3,\"pending\":[]}");
        Jenny::new("verify").arg("--data-dir", dir.path()).done().ok();
    }
    let empty = tempfile::tempdir().unwrap();
    let text = migrate(empty.path(), "status").done().failed(2);
    assert!(text.contains("holds no chain"), "{text}");
}

#[test]
fn an_upgrade_that_is_killed_at_any_moment_is_completed() {
    rounds(|round, random| {
        let schema = 1 + round % 2;
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), schema);
        // How long one takes here and now, so that kills fall within it.
        let spare = tempfile::tempdir().unwrap();
        write(spare.path(), schema);
        let started = Instant::now();
        migrate(spare.path(), "run").done().ok();
        let whole = started.elapsed();
        for _ in 0..3 {
            let mut child = migrate(dir.path(), "run").spawn();
            std::thread::sleep(random.delay(whole));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let dump = |dir: &Path| Jenny::new("dump").arg("--data-dir", dir).done().ok();
        assert_eq!(dump(dir.path()), dump(spare.path()));
        let text = Jenny::new("verify").arg("--data-dir", dir.path()).done().ok();
        assert!(text.starts_with("ok height=5 "), "{text}");
        let text = migrate(dir.path(), "status").done().ok();
        assert!(text.starts_with("schema 3, "), "{text}");
        println!("round {round}: schema {schema} killed three times within {whole:?}");
    });
}

/// Every file with its bytes and the times of its changes.
fn state(dir: &Path) -> BTreeMap<PathBuf, (Vec<u8>, [i64; 4])> {
    let mut state = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            state.extend(self::state(&path));
            continue;
        }
        let meta = fs::metadata(&path).unwrap();
        let times = [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()];
        state.insert(path.clone(), (fs::read(&path).unwrap(), times));
    }
    state
}

#[test]
fn a_newer_database_is_refused_untouched_and_the_version_named() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), 2);
    migrate(dir.path(), "run").done().ok();
    // As a newer version would leave it.
    let lines = "schema 4\nprogram 9.8.7\n";
    let text = format!("{lines}crc32 {:08x}\n", crc32fast::hash(lines.as_bytes()));
    fs::write(dir.path().join("schema"), text).unwrap();
    let before = state(dir.path());
    for command in ["run", "dump", "verify", "migrate status", "migrate run"] {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let done = Jenny::new(name).words(rest).arg("--data-dir", dir.path());
        let text = done.done_within(Duration::from_secs(30)).failed(5);
        assert!(
            text.contains("the database has schema 4; this program supports up to 3"),
            "{text}"
        );
        assert!(text.contains("hint: install jenny 9.8.7 or a newer version"), "{text}");
    }
    assert_eq!(state(dir.path()), before);
}
