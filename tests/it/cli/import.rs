//! `jenny import`: a chain file into a data directory.

use std::fs;
use std::path::{Path, PathBuf};

use jenny_chain::chain::test_util::spec_with;
use jenny_chain::chain::{BlockId, Hash, Height, Spec};
use jenny_chain::store::OwnMark;
use jenny_chain::store::archive::{Encoder, Start};

use super::export::{dump, export, import};
use crate::process::{Branch, Chain, Running};

/// A chain, its file, and a directory that is not there yet.
struct Setup {
    chain: Chain,
    file: PathBuf,
    dir: PathBuf,
}

impl Setup {
    fn long(blocks: u64) -> Self {
        let chain = Chain::long(blocks);
        let (file, dir) = (chain.around().join("a.chain"), chain.around().join("new"));
        export(&chain.dir(), &file).done().ok();
        Self { chain, file, dir }
    }

    /// Exports a range to another file.
    fn part(&self, flags: &str) -> PathBuf {
        let file = self.chain.around().join("part.chain");
        export(&self.chain.dir(), &file).words(flags).done().ok();
        file
    }
}

#[test]
fn parts_are_imported_one_behind_the_other() {
    let setup = Setup::long(700);
    let text = import(&setup.part("--from 300"), &setup.dir).done().failed(2);
    assert!(text.contains("begins with block 300, and"), "{text}");
    assert!(text.contains("hint: first import a file that ends with block 299"), "{text}");
    assert!(!setup.dir.exists(), "nothing is created");
    import(&setup.part("--to 299"), &setup.dir).done().ok();
    let text = import(&setup.part("--from 301"), &setup.dir).done().failed(1);
    assert!(text.contains("begins with block 301, and"), "{text}");
    assert!(text.contains("ends with block 299"), "{text}");
    for flags in ["--from 300 --to 400", "--from 350 --to 500", "--from 701", "--from 501"] {
        let done = import(&setup.part(flags), &setup.dir).done();
        if flags == "--from 701" {
            done.failed(1);
        } else {
            done.ok();
        }
    }
    assert_eq!(dump(&setup.dir), dump(&setup.chain.dir()));
    import(&setup.part("--from 701"), &setup.dir).done().ok();
}

#[test]
fn what_is_wrong_with_a_file_is_named_with_its_place_and_what_to_do() {
    let setup = Setup::long(50);
    let whole = fs::read(&setup.file).unwrap();
    let broken = setup.chain.around().join("broken.chain");
    let failed = |bytes: &[u8], code| {
        fs::write(&broken, bytes).unwrap();
        import(&broken, &setup.dir).done().failed(code)
    };
    let text = failed(&whole[..whole.len() - 9], 1);
    assert!(text.contains("broken.chain: it is truncated: it ends within what begins at byte"));
    assert!(text.contains("hint: copy the file again"), "{text}");
    let mut spoilt = whole.clone();
    let place = spoilt.len() / 2;
    spoilt[place] ^= 4;
    let text = failed(&spoilt, 1);
    assert!(text.contains("broken.chain: it is damaged at byte"), "{text}");
    let mut newer = whole.clone();
    newer[9] = 2;
    let text = failed(&newer, 5);
    assert!(text.contains("has version 2 of the format; this program reads version 1"), "{text}");
    let text = failed(b"{}", 2);
    assert!(text.contains("broken.chain: it is not a chain file"), "{text}");
    let text = failed(b"", 1);
    assert!(text.contains("broken.chain: it is truncated: "), "{text}");
    // What was sound before the damage stays, and the sound file goes on behind it.
    import(&setup.file, &setup.dir).done().ok();
    assert_eq!(dump(&setup.dir), dump(&setup.chain.dir()));
}

#[test]
fn another_chain_and_another_branch_are_refused() {
    let setup = Setup::long(5);
    let other = setup.chain.around().join("other");
    Branch::new(spec_with(&[("name", "\"other\"")])).store(&other);
    let text = import(&setup.file, &other).done().failed(2);
    assert!(text.contains("a.chain is of chain `dev`, and"), "{text}");
    assert!(text.contains("holds another one, `other`"), "{text}");
    let branch = setup.chain.around().join("branch");
    Branch::new(Spec::dev()).grow("branch", 3, 1_000).store(&branch);
    let before = dump(&branch);
    for flags in ["", "--from 2"] {
        let text = import(&setup.part(flags), &branch).done().failed(1);
        assert!(text.contains("is another one than in"), "{text}");
    }
    assert_eq!(dump(&branch), before);
    let text = "chain = \"jenny\"\n";
    fs::create_dir(&setup.dir).unwrap();
    fs::write(setup.dir.join("jenny.toml"), text).unwrap();
    let text = import(&setup.file, &setup.dir).done().failed(2);
    assert!(text.contains("names another chain, `jenny`"), "{text}");
}

#[test]
fn a_longer_chain_in_the_directory_stays() {
    let setup = Setup::long(30);
    let out = import(&setup.part("--to 9"), &setup.chain.dir()).done().ok();
    assert!(out.starts_with("imported height=30 "), "{out}");
    assert!(out.contains(" blocks=10 new=0 "), "{out}");
}

#[test]
fn a_checkpoint_and_the_room_on_the_disk_are_minded() {
    let setup = Setup::long(20);
    let settings = |text: &str| {
        fs::create_dir_all(&setup.dir).unwrap();
        fs::write(setup.dir.join("jenny.toml"), text).unwrap();
    };
    let hash = Hash::ZERO;
    settings(&format!("checkpoints = [{{ height = 7, hash = \"{hash}\" }}]\n"));
    let text = import(&setup.file, &setup.dir).done().failed(1);
    assert!(text.contains("a.chain: block 7: ") && text.contains("hint: correct the checkpoint"));
    settings("store.min_free = \"1000000GiB\"\n");
    let text = import(&setup.file, &setup.dir).done().failed(1);
    assert!(text.contains("hint: make room, then run the same command again"), "{text}");
    settings("");
    import(&setup.file, &setup.dir).done().ok();
    assert_eq!(dump(&setup.dir), dump(&setup.chain.dir()));
}

/// A file whose frames are sound.
fn file(path: &Path, branch: &Branch, marks: &[OwnMark], pending: &[&str]) {
    let mut encoder =
        Encoder::new(&Start { spec: Spec::dev(), parent: None, has_own: true }).unwrap();
    for height in 0..=branch.height() {
        encoder.add(&branch.block(height).clone().into()).unwrap();
    }
    for mark in marks {
        encoder.mark(mark).unwrap();
    }
    for text in pending {
        encoder.pending(text).unwrap();
    }
    encoder.finish().unwrap();
    fs::write(path, encoder.take()).unwrap();
}

#[test]
fn a_block_that_breaks_a_rule_of_the_chain_is_refused_and_those_below_it_stay() {
    let around = tempfile::tempdir().unwrap();
    let (path, dir) = (around.path().join("a.chain"), around.path().join("data"));
    // Mined well, an hour behind its parent: only the ancestors tell.
    let branch = Branch::new(Spec::dev()).grow("a", 5, 3_600_000);
    let mut blocks: Vec<_> = (0..=5).map(|height| branch.block(height).clone()).collect();
    let earlier = blocks[3].header.timestamp;
    let header = &mut blocks[5].header;
    header.timestamp = earlier;
    jenny_chain::chain::test_util::seal(header, true);
    let mut encoder =
        Encoder::new(&Start { spec: Spec::dev(), parent: None, has_own: false }).unwrap();
    for block in blocks {
        encoder.add(&block.into()).unwrap();
    }
    encoder.finish().unwrap();
    fs::write(&path, encoder.take()).unwrap();
    let text = import(&path, &dir).done().failed(1);
    assert!(text.contains("a.chain: block 5: timestamp"), "{text}");
    assert_eq!(dump(&dir).lines().count(), 5, "genesis and four blocks");
}

#[test]
fn marks_of_other_blocks_are_left_out_and_said() {
    let around = tempfile::tempdir().unwrap();
    let (path, dir) = (around.path().join("a.chain"), around.path().join("data"));
    let branch = Branch::new(Spec::dev()).grow("a", 3, 1_000);
    let id = |height, hash: &str| {
        OwnMark::Block(BlockId { height: Height::new(height), hash: hash.parse().unwrap() })
    };
    let marks = [
        id(1, &branch.hash(1)),
        id(2, &branch.hash(1)),
        id(9, &branch.hash(2)),
        OwnMark::UpTo(Height::new(99)),
        OwnMark::Record(Hash::ZERO),
    ];
    file(&path, &branch, &marks, &["waits"]);
    let done = import(&path, &dir).done();
    assert!(done.err.contains("2 marks of own blocks were left out"), "{}", done.err);
    let out = done.ok();
    assert!(out.contains(" marks=3 pending=1\n"), "{out}");
}

#[test]
fn more_pending_records_than_a_pool_takes_are_imported() {
    let around = tempfile::tempdir().unwrap();
    let (path, dir) = (around.path().join("a.chain"), around.path().join("data"));
    let branch = Branch::new(Spec::dev()).grow("a", 3, 1_000);
    let file = |count: u32| {
        let many: Vec<_> = (0..count).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        file(&path, &branch, &[], &many);
    };
    file(400_001);
    let text = import(&path, &dir).done().failed(1);
    assert!(text.contains("there are more than 400000 pending records, or 256 MiB"), "{text}");
    assert!(text.contains("hint: --no-pool leaves all pending records of the file out"), "{text}");
    assert!(import(&path, &dir).words("--no-pool").done().ok().contains("pending=0"));
    file(100_001);
    assert!(import(&path, &dir).done().ok().contains(" pending=100001\n"));
    let node = Running::idle(&dir);
    let status: serde_json::Value = serde_json::from_str(&node.get("/v1/status").1).unwrap();
    assert_eq!(status["pool"]["records"], 100_001);
    // On a busy machine a stop of that many has not enough time.
    drop(node);
}
