//! `jenny export`: a chain file of a stopped node or of a running one.

use std::fs;
use std::io::Read;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use jenny_chain::chain::{Spec, leaf_hash};
use serde_json::{Value, json};

use crate::process::{Branch, Chain, Jenny, Running, quiet_address, until};

pub(super) fn export(dir: &Path, file: &Path) -> Jenny {
    Jenny::new("export").arg("--data-dir", dir).arg("--output", file)
}

pub(super) fn import(file: &Path, dir: &Path) -> Jenny {
    let mut command = Jenny::new("import").arg("--data-dir", dir);
    command.0.arg(file);
    command
}

pub(super) fn dump(dir: &Path) -> String {
    Jenny::new("dump").arg("--data-dir", dir).done().ok()
}

/// A directory for files, and one that is not there yet.
fn places() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let around = tempfile::tempdir().unwrap();
    let (file, dir) = (around.path().join("a.chain"), around.path().join("data"));
    (around, file, dir)
}

#[test]
fn a_chain_comes_back_as_it_was_and_is_exported_as_the_same_file() {
    let chain = Chain::long(3_000);
    let (around, file, dir) = places();
    let out = export(&chain.dir(), &file).done().ok();
    let tip = chain.hash(3_000);
    let bytes = fs::metadata(&file).unwrap().len();
    let expected = format!("exported blocks=3001 from=0 to=3000 tip={tip} own=yes bytes={bytes}\n");
    assert_eq!(out, expected);
    let out = import(&file, &dir).done().ok();
    let expected =
        format!("imported height=3000 tip={tip} blocks=3001 new=3000 marks=0 pending=0\n");
    assert_eq!(out, expected);
    assert_eq!(dump(&dir), dump(&chain.dir()));
    Jenny::new("verify").arg("--data-dir", &dir).done().ok();
    let again = around.path().join("again.chain");
    export(&dir, &again).done().ok();
    assert!(fs::read(&again).unwrap() == fs::read(&file).unwrap());
    // What is there already is compared and left.
    let out = import(&file, &dir).done().ok();
    assert!(out.contains(" new=0 "), "{out}");
}

#[test]
fn own_records_move_with_the_chain_and_are_mined_by_the_next_node() {
    let home = tempfile::tempdir().unwrap();
    let (around, file, dir) = places();
    let node = Running::idle(home.path());
    node.mine(&["mined", "twice"]);
    let records: Vec<_> = (0..300).map(|number| format!("record {number}")).collect();
    assert_eq!(node.post("/v1/records", &json!({ "data": records }).to_string()).unwrap().0, 202);
    assert_eq!(node.post("/v1/records", r#"{"data":"mined"}"#).unwrap().0, 200);
    let online = around.path().join("online.chain");
    let command = Jenny::new("export").arg("--url", &node.url).arg("-o", &online);
    let out = command.done().ok();
    assert!(out.contains("own=yes"), "{out}");
    node.stop();
    export(home.path(), &file).done().ok();
    assert!(fs::read(&online).unwrap() == fs::read(&file).unwrap(), "by both ways the same");

    let out = import(&file, &dir).done().ok();
    assert!(out.contains(" marks=302 pending=300\n"), "a block, and 301 records: {out}");
    let again = around.path().join("again.chain");
    export(&dir, &again).done().ok();
    assert!(fs::read(&again).unwrap() == fs::read(&file).unwrap(), "it owns the same records");
    let node = Running::dev(&dir);
    for record in &records {
        let path = format!("/v1/records/{}?wait=60", leaf_hash(record.as_bytes()));
        let (status, text) = node.get(&path);
        let found: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &found["state"]), (200, &"included".into()), "{text}");
    }
    node.stop();

    let bare = around.path().join("bare.chain");
    let out = export(home.path(), &bare).words("--no-pool").done().ok();
    assert!(out.contains("own=no"), "{out}");
    let third = around.path().join("third");
    assert!(import(&bare, &third).done().ok().contains(" marks=0 pending=0"));
    let out = import(&file, &third).words("--no-pool").done().ok();
    assert!(out.contains(" marks=0 pending=0"), "{out}");
    assert!(import(&file, &third).done().ok().contains(" marks=302 pending=300"));
    assert!(import(&file, &third).done().ok().contains(" pending=0"), "each once");
}

#[test]
fn a_node_under_load_is_backed_up_to_one_chain_with_all_its_own_records() {
    let home = tempfile::tempdir().unwrap();
    let (_around, file, dir) = places();
    let node = Running::dev(home.path());
    let send = |round: &str, number: usize| {
        let records: Vec<_> = (0..20).map(|part| format!("{round} {number} {part}")).collect();
        let body = json!({ "data": records }).to_string();
        assert_eq!(node.post("/v1/records", &body).unwrap().0, 202);
        records
    };
    let before: Vec<String> = (0..20).flat_map(|number| send("before", number)).collect();
    // Receipts of those that are mined are compared.
    let first = format!("/v1/records/{}", leaf_hash(before[0].as_bytes()));
    until("one of them is mined", || node.get(&first).1.contains("\"included\""));
    let is_done = AtomicBool::new(false);
    let out = std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                if is_done.load(Relaxed) {
                    return;
                }
                send("meanwhile", number);
                node.mine(&[&format!("by request {number}")]);
            }
        });
        let done = Jenny::new("export").arg("--url", &node.url).arg("-o", &file).done();
        is_done.store(true, Relaxed);
        done.ok()
    });
    let field = |name: &str| {
        let part = out.split_whitespace().find_map(|part| part.strip_prefix(name));
        part.unwrap_or_else(|| panic!("{name}: {out}")).to_owned()
    };
    let (height, tip) = (field("to="), field("tip="));
    import(&file, &dir).done().ok();
    let other = Running::idle(&dir);
    let status = |node: &Running| serde_json::from_str::<Value>(&node.get("/v1/status").1).unwrap();
    assert_eq!(status(&other)["tip"]["hash"].as_str(), Some(tip.as_str()));
    let mut receipts = 0;
    for record in &before {
        let id = leaf_hash(record.as_bytes());
        let (code, text) = other.get(&format!("/v1/records/{id}"));
        assert_eq!(code, 200, "{record} is lost");
        let found: Value = serde_json::from_str(&text).unwrap();
        if found["state"] == "included" && receipts < 20 {
            let path = format!("/v1/records/{id}/receipt?tip={height}");
            assert_eq!(other.get(&path), node.get(&path), "{record}");
            receipts += 1;
        }
    }
    assert!(receipts > 0);
    other.stop();
    let other = Running::dev(&dir);
    until("mined", || other.pending().is_empty());
    other.stop();
    node.stop();
}

/// Leads to an address, and ends each connection after this many bytes of responses.
fn cutting_proxy(far: &str, bytes: u64) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let far = far.trim_start_matches("http://").to_owned();
    let connections = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&connections);
    // It ends with the process: a listener cannot be woken.
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), TcpStream::connect(&far).unwrap());
            counted.fetch_add(1, Relaxed);
            let (mut request, mut to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut request, &mut to);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut (&far).take(bytes), &mut (&near));
                let _ = near.shutdown(Shutdown::Both);
                let _ = far.shutdown(Shutdown::Both);
            });
        }
    });
    (url, connections)
}

/// A chain whose records do not compress: two megabytes.
fn random_chain() -> Chain {
    let mut seed = leaf_hash(b"seed");
    let bodies: Vec<String> = (0..50)
        .map(|_| {
            let mut text = String::new();
            while text.len() < 60_000 {
                seed = leaf_hash(seed.as_bytes());
                text.push_str(&seed.to_string());
            }
            text
        })
        .collect();
    let bodies: Vec<_> = bodies.iter().map(|text| vec![text.as_str()]).collect();
    Chain::of(&bodies.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[test]
fn a_connection_that_is_cut_is_resumed() {
    let chain = random_chain();
    let (around, file, _) = places();
    let node = Running::dev(&chain.dir());
    let (url, connections) = cutting_proxy(&node.url, 500_000);
    let command = Jenny::new("export").arg("--url", &url).arg("-o", &file);
    command.done().ok();
    assert!(connections.load(Relaxed) >= 4, "{connections:?}");
    node.stop();
    let offline = around.path().join("offline.chain");
    export(&chain.dir(), &offline).done().ok();
    assert!(fs::read(&file).unwrap() == fs::read(&offline).unwrap());
    assert_eq!(fs::read_dir(around.path()).unwrap().count(), 2, "nothing else is left");
}

#[test]
fn a_file_that_was_begun_is_continued() {
    let chain = random_chain();
    let (around, file, _) = places();
    export(&chain.dir(), &file).done().ok();
    let whole = fs::read(&file).unwrap();
    let part = around.path().join("a.chain.part");
    for length in [0, 5, 700_000, whole.len() - 1] {
        fs::write(&part, &whole[..length]).unwrap();
        fs::remove_file(&file).unwrap();
        let done = export(&chain.dir(), &file).done();
        assert_eq!(done.err.contains("continues after block"), length > 5, "{}", done.err);
        done.ok();
        assert!(fs::read(&file).unwrap() == whole, "{length}");
        assert!(!part.exists());
    }
}

#[test]
fn a_file_that_was_begun_of_another_branch_is_begun_anew() {
    let long = Chain::long(300);
    let (around, file, _) = places();
    export(&long.dir(), &file).done().ok();
    let old = fs::read(&file).unwrap();
    let (part, fresh) = (around.path().join("a.chain.part"), around.path().join("fresh.chain"));
    // A shorter branch, one of the same length, and a longer one.
    for blocks in [5, 300, 400] {
        let dir = around.path().join(format!("{blocks}"));
        Branch::new(Spec::dev()).grow("other", blocks, 1_000).store(&dir);
        export(&dir, &fresh).done().ok();
        let node = Running::dev(&dir);
        let online = || Jenny::new("export").arg("--url", &node.url).arg("-o", &file);
        fs::write(&part, &old[..old.len() - 1]).unwrap();
        let done = online().done();
        assert!(done.err.contains("the export starts anew"), "{}", done.err);
        assert!(done.ok().contains(&format!(" to={blocks} ")));
        assert!(fs::read(&file).unwrap() == fs::read(&fresh).unwrap(), "one chain, to its end");
        node.stop();
        fs::write(&part, &old[..old.len() - 1]).unwrap();
        export(&dir, &file).done().ok();
        assert!(fs::read(&file).unwrap() == fs::read(&fresh).unwrap(), "offline too");
        assert!(!part.exists());
    }
}

#[test]
fn a_range_is_exported_by_both_ways_alike() {
    let chain = Chain::long(600);
    let (around, file, _) = places();
    for (flags, blocks) in [("--from 599", 2), ("--to 0", 1), ("--from 601", 0)] {
        let out = export(&chain.dir(), &file).words(flags).done().ok();
        assert!(out.starts_with(&format!("exported blocks={blocks} ")), "{flags}: {out}");
        let offline = fs::read(&file).unwrap();
        let node = Running::dev(&chain.dir());
        let command = Jenny::new("export").arg("--url", &node.url).arg("-o", &file);
        assert_eq!(command.words(flags).done().ok(), out, "{flags}");
        node.stop();
        assert!(fs::read(&file).unwrap() == offline, "{flags}");
    }
    let text = export(&chain.dir(), &file).words("--from 602").done().failed(1);
    assert!(text.contains("the range starts at block 602, and the tip is block 600"), "{text}");
    let text = export(&chain.dir(), &file).words("--from 2 --to 1").done().failed(2);
    assert!(text.contains("--from 2 is above --to 1"), "{text}");
    drop(around);
}

#[test]
fn a_dash_is_standard_output_and_standard_input() {
    let chain = Chain::long(20);
    let (around, file, dir) = places();
    let piped = around.path().join("piped.chain");
    let mut command = export(&chain.dir(), Path::new("-"));
    command.0.stdout(fs::File::create(&piped).unwrap());
    command.done().ok();
    export(&chain.dir(), &file).done().ok();
    assert!(fs::read(&piped).unwrap() == fs::read(&file).unwrap());
    let mut command = import(Path::new("-"), &dir);
    command.0.stdin(fs::File::open(&piped).unwrap());
    command.done().ok();
    assert_eq!(dump(&dir), dump(&chain.dir()));
}

#[test]
fn a_running_node_is_named_with_the_way_around_it() {
    let chain = Chain::long(3);
    let (_around, file, _) = places();
    let node = Running::dev(&chain.dir());
    let text = export(&chain.dir(), &file).done().failed(3);
    assert!(text.contains(&format!("jenny export --url {} -o FILE", node.url)), "{text}");
    let text = import(&file, &chain.dir()).done().failed(2);
    assert!(text.contains("a.chain cannot be read"), "{text}");
    node.stop();
    export(&chain.dir(), &file).done().ok();
    let node = Running::dev(&chain.dir());
    let text = import(&file, &chain.dir()).done().failed(3);
    assert!(text.contains("stop that process first"), "{text}");
    node.stop();
}

#[test]
fn no_file_takes_the_place_of_the_database_and_none_is_made_where_there_is_no_chain() {
    let chain = Chain::long(3);
    let text = export(&chain.dir(), &chain.dir().join("x.chain")).done().failed(2);
    assert!(text.contains("is in the data directory"), "{text}");
    let text = export(&chain.dir(), chain.around()).done().failed(2);
    assert!(text.contains("is a directory"), "{text}");
    let (around, file, dir) = places();
    export(&dir, &file).done().failed(2);
    let text = export(&chain.dir(), &around.path().join("no/a.chain")).done().failed(1);
    assert!(text.contains("cannot be written"), "{text}");
    assert_eq!(fs::read_dir(around.path()).unwrap().count(), 0, "no file is begun");
}

#[test]
fn a_full_disk_leaves_no_file() {
    let chain = Chain::long(3);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = export(&chain.dir(), Path::new("-"));
    command.0.stdout(full);
    let text = command.done().failed(1);
    assert!(text.contains("standard output cannot be written"), "{text}");
}

#[test]
fn a_node_that_is_not_there_is_not_waited_for() {
    let (_around, file, _) = places();
    let url = format!("http://{}", quiet_address());
    let text = Jenny::new("export").arg("--url", url).arg("-o", &file).done().failed(1);
    assert!(text.contains("no node responds at"), "{text}");
    assert!(!file.exists());
}
