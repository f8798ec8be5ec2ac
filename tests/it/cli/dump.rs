//! `jenny dump` of a stopped node.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::process::{Chain, Jenny, Running, tamper};

/// A short chain whose records are awkward in every format.
fn awkward() -> Chain {
    Chain::of(&[
        &["hello, world", "\"quoted\""],
        &[],
        &[
            "\u{1b}[2Jcleared\r\n\u{202e}desrever",
            "zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich",
        ],
    ])
}

fn dump(dir: &Path) -> Jenny {
    Jenny::new("dump").arg("--data-dir", dir)
}

fn heights(jsonl: &str) -> Vec<u64> {
    let block = |line| serde_json::from_str::<serde_json::Value>(line).unwrap();
    jsonl.lines().map(|line| block(line)["height"].as_u64().unwrap()).collect()
}

#[test]
fn every_format_has_its_exact_bytes() {
    let chain = awkward();
    for (name, flags) in [
        ("dump.table", "--format table"),
        ("dump.json", "--format json"),
        ("dump.jsonl", "--format jsonl"),
        ("dump.csv", "--format csv"),
        ("headers.table", "--headers --format table"),
        ("headers.json", "--headers --format json"),
        ("headers.jsonl", "--headers --format jsonl"),
        ("headers.csv", "--headers --format csv"),
    ] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(name);
        let out = dump(&chain.dir()).words(flags).done().ok();
        let expected = fs::read_to_string(&file).unwrap();
        assert_eq!(out, expected, "{name}");
    }
}

#[test]
fn json_lines_is_what_a_pipe_gets() {
    let chain = awkward();
    let out = dump(&chain.dir()).done().ok();
    assert_eq!(out, dump(&chain.dir()).words("--format jsonl").done().ok());
    assert_eq!(heights(&out), [0, 1, 2, 3]);
}

#[test]
fn a_range_has_both_its_ends_and_stops_at_the_tip() {
    let chain = Chain::long(600);
    let dir = chain.dir();
    for (flags, expected) in [
        ("--from 0 --to 0", 0..=0),
        ("--from 255 --to 256", 255..=256),
        ("--from 599", 599..=600),
        ("--to 300", 0..=300),
        ("--from 598 --to 9007199254740991", 598..=600),
        ("--height 17", 17..=17),
        ("--tip", 600..=600),
    ] {
        let out = dump(&dir).words(flags).done().ok();
        assert_eq!(heights(&out), expected.clone().collect::<Vec<_>>(), "{flags}");
        let headers = dump(&dir).words(flags).words("--headers").done().ok();
        assert_eq!(heights(&headers), expected.collect::<Vec<_>>(), "{flags} --headers");
    }
}

#[test]
fn a_block_is_found_by_its_hash_however_old() {
    let chain = Chain::long(600);
    for height in [0, 1, 299, 600] {
        let hash = chain.hash(height).to_string();
        for digits in [8, 20, 64] {
            let out = dump(&chain.dir()).arg("--hash", &hash[..digits]).done().ok();
            assert!(out.contains(&format!("\"hash\":\"{hash}\"")) && out.lines().count() == 1);
        }
    }
    let text = dump(&chain.dir()).words("--hash 00000000").done().failed(1);
    assert!(text.contains("no hash of the main chain begins with 00000000"), "{text}");
}

#[test]
fn a_disconnected_block_is_found_by_its_hash_or_by_height_and_hash() {
    let mut chain = awkward();
    let (height, hash) = chain.disconnect_tip();
    let exact = |hash: String| {
        let command = dump(&chain.dir()).arg("--height", height.to_string());
        command.arg("--hash", hash).done()
    };
    assert!(exact(hash.to_string()).ok().contains("cleared"));
    assert!(exact(hash.to_string()[..8].to_owned()).ok().contains("cleared"));
    assert!(exact(chain.hash(3).to_string()).ok().contains("other"));
    let by_hash = |hash: &str| dump(&chain.dir()).arg("--hash", hash).done();
    assert!(by_hash(&hash.to_string()).ok().contains("cleared"));
    let text = by_hash(&hash.to_string()[..8]).failed(1);
    assert!(text.contains("no hash of the main chain begins with"), "{text}");
    assert!(text.contains("hint: to find a block that a reorg disconnected"), "{text}");
    let text = by_hash(&"0".repeat(64)).failed(1);
    assert!(text.contains("no stored block has the hash"), "{text}");
    let text = exact(chain.hash(1).to_string()).failed(1);
    assert!(text.contains("no block at height 3 with the hash"), "{text}");
}

#[test]
fn what_is_not_there_is_the_answer_no() {
    let chain = awkward();
    for flags in ["--height 4", "--from 4", "--from 4 --to 9", "--height 4 --format json"] {
        let text = dump(&chain.dir()).words(flags).done().failed(1);
        assert_eq!(text, "error: there is no block 4: the chain ends at height 3\n", "{flags}");
    }
}

#[test]
fn what_cannot_be_is_an_error_of_usage() {
    let chain = awkward();
    let usage = |flags: &str| dump(&chain.dir()).words(flags).done().failed(2);
    assert!(usage("--from 2 --to 1").contains("--from 2 is above --to 1"));
    assert!(usage("--hash 0F").contains("8 to 64 lower-case hexadecimal digits"));
    assert!(usage("--format parquet").contains("possible values: table, json, jsonl, csv"));
    assert!(usage("--height 1 --tip").contains("cannot be used with"));
    let empty = tempfile::tempdir().unwrap();
    let text = dump(empty.path()).done().failed(2);
    assert!(text.contains("holds no chain\nhint: create a chain with `jenny init`"), "{text}");
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0, "looking creates nothing");
}

#[test]
fn a_running_node_is_named_with_the_way_around_it() {
    let chain = awkward();
    let node = Running::dev(&chain.dir());
    let dir = chain.dir();
    let text = dump(&dir).done().failed(3);
    let holder = format!("{} is in use by process {}", dir.display(), node.id());
    assert!(text.contains(&holder), "{text}");
    // The node's own address, so that following the hint dumps this chain and no other.
    assert!(text.contains(&format!("jenny dump --url {}\n", node.url)), "{text}");
    node.stop();
    dump(&dir).done().ok();
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let chain = Chain::long(3_000);
    for format in ["table", "json", "jsonl", "csv"] {
        let mut child = dump(&chain.dir()).arg("--format", format).spawn();
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0; 64]).unwrap();
        drop(out);
        let done = crate::process::finish(child);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn a_full_device_is_an_error() {
    let chain = awkward();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = dump(&chain.dir());
    command.0.stdout(full);
    let text = command.done().failed(1);
    assert!(text.contains("standard output cannot be written"), "{text}");
}

#[test]
fn a_file_holds_the_same_bytes() {
    let chain = awkward();
    let file = chain.around().join("dump.csv");
    let flags = "--format csv --from 1";
    let command = dump(&chain.dir()).words(flags).arg("--output", &file);
    assert_eq!(command.done().ok(), "");
    assert_eq!(fs::read_to_string(file).unwrap(), dump(&chain.dir()).words(flags).done().ok());
}

#[test]
fn what_is_dumped_is_as_open_as_asked_and_the_database_stays_its_owners() {
    let chain = awkward();
    let file = chain.around().join("dump.json");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let other = chain.around().join("other");
    fs::write(&other, "").unwrap();
    let before: Vec<_> = fs::read_dir(chain.dir().join("db")).unwrap().collect();
    let before: Vec<_> = before.into_iter().map(|entry| entry.unwrap().path()).collect();
    dump(&chain.dir()).arg("--output", &file).done().ok();
    assert_eq!(mode(&file), mode(&other), "both by the umask of the tests");
    for entry in fs::read_dir(chain.dir().join("db")).unwrap() {
        let path = entry.unwrap().path();
        let is_new = !before.contains(&path);
        assert!(!is_new || mode(&path) == 0o600, "{}", path.display());
    }
}

#[test]
fn no_dump_takes_the_place_of_the_database() {
    let chain = awkward();
    let link = chain.around().join("link");
    std::os::unix::fs::symlink(chain.dir(), &link).unwrap();
    for file in [chain.dir().join("db/db"), chain.dir().join("new.json"), link.join("db/conf")] {
        let text = dump(&chain.dir()).arg("--output", &file).done().failed(2);
        assert!(text.contains("is in the data directory"), "{text}");
    }
    assert_eq!(dump(&chain.dir()).done().ok().lines().count(), 4);
}

#[test]
fn a_dash_is_standard_output() {
    let chain = awkward();
    let mut command = dump(&chain.dir()).words("-o -");
    command.0.current_dir(chain.around());
    assert_eq!(command.done().ok(), dump(&chain.dir()).done().ok());
    assert_eq!(fs::read_dir(chain.around()).unwrap().count(), 1, "only the data directory");
}

#[test]
fn a_file_that_cannot_be_filled_does_not_appear() {
    let chain = awkward();
    let file = chain.around().join("dump.json");
    dump(&chain.dir()).words("--from 9").arg("--output", &file).done().failed(1);
    let nowhere = chain.around().join("missing/dump.json");
    let text = dump(&chain.dir()).arg("--output", &nowhere).done().failed(1);
    assert!(text.contains("dump.json cannot be written"), "{text}");
    assert_eq!(fs::read_dir(chain.around()).unwrap().count(), 1, "only the data directory");
}

#[test]
fn the_data_directory_comes_from_the_environment_too() {
    let chain = awkward();
    let out = Jenny::new("dump").words("--tip").env("JENNY_DATA_DIR", chain.dir()).done().ok();
    assert_eq!(heights(&out), [3]);
}

#[test]
fn damage_is_never_dumped() {
    let chain = Chain::long(1_500);
    tamper::spoil_block(&chain.dir(), 7);
    let done = dump(&chain.dir()).done();
    assert_eq!(done.code, Some(4));
    assert!(done.err.contains("the database is damaged: block 7: "), "{}", done.err);
    assert!(heights(&done.out).into_iter().all(|height| height < 7));
    let file = chain.around().join("dump.json");
    dump(&chain.dir()).arg("--output", &file).done().failed(4);
    assert!(!file.exists());
}

#[test]
fn a_newer_database_is_refused() {
    let chain = awkward();
    tamper::raise_schema(&chain.dir());
    let text = dump(&chain.dir()).done().failed(5);
    assert!(text.contains("schema 99") && text.contains("install the version"), "{text}");
}
