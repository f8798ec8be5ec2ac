//! `--read-only`: the original keeps its bytes and times, and nothing is left of the copy.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Chain, Done, Jenny, Running, finish, tamper, until};

/// Seconds since the epoch.
const OLD: i64 = 1_000_000_000;

/// A chain, and an empty scratch directory.
pub(super) struct Scene {
    pub(super) chain: Chain,
    scratch: tempfile::TempDir,
}

/// What the chain's directory held, and when it was last read and changed.
pub(super) struct Before {
    paths: Vec<PathBuf>,
    bytes: BTreeMap<PathBuf, Vec<u8>>,
}

impl Scene {
    pub(super) fn new(blocks: u64) -> Self {
        Self { chain: Chain::long(blocks), scratch: tempfile::tempdir().unwrap() }
    }

    pub(super) fn inspect(&self, command: &str) -> Jenny {
        let command = Jenny::new(command).words("--read-only").arg("--data-dir", self.chain.dir());
        command.arg("--scratch", self.scratch.path())
    }

    /// Runs a command that must leave the original as it is, and nothing of the copy.
    pub(super) fn inspected(&self, command: Jenny) -> Done {
        let before = self.before();
        let done = command.done();
        self.check_untouched(&before, &done.err);
        done
    }

    /// What the directory holds now. Makes it look old.
    pub(super) fn before(&self) -> Before {
        let before = Before { paths: paths(&self.chain.dir()), bytes: bytes(&self.chain.dir()) };
        // Looking changed the times of access, as any usual read does.
        self.age();
        before
    }

    /// The directory is as it was, and nothing is left of a copy.
    pub(super) fn check_untouched(&self, before: &Before, err: &str) {
        for path in &before.paths {
            let meta = fs::metadata(path).unwrap();
            let times = [meta.atime(), meta.atime_nsec(), meta.mtime(), meta.mtime_nsec()];
            assert_eq!(times, [OLD, 0, OLD, 0], "{}: {err}", path.display());
        }
        assert_eq!(bytes(&self.chain.dir()), before.bytes, "{err}");
        assert_eq!(self.copies(), 0, "{err}");
    }

    pub(super) fn copies(&self) -> usize {
        fs::read_dir(self.scratch.path()).unwrap().count()
    }

    /// The one copy.
    pub(super) fn copy(&self) -> PathBuf {
        fs::read_dir(self.scratch.path()).unwrap().next().unwrap().unwrap().path()
    }

    /// Damages what opening can mend.
    pub(super) fn tear_snapshots(&self) -> Vec<PathBuf> {
        // An opening leaves a snapshot.
        Jenny::new("dump").arg("--data-dir", self.chain.dir()).done().ok();
        let snapshots: Vec<_> = paths(&self.chain.dir().join("db"))
            .into_iter()
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap."))
            .collect();
        assert!(!snapshots.is_empty());
        for path in &snapshots {
            fs::write(path, "torn").unwrap();
        }
        snapshots
    }

    /// Makes everything look old, so that any usual read would change its time of access.
    fn age(&self) {
        let paths = paths(&self.chain.dir());
        let status = Command::new("touch").args(["-d", &format!("@{OLD}")]).args(paths).status();
        assert!(status.unwrap().success());
    }
}

fn paths(dir: &Path) -> Vec<PathBuf> {
    let mut paths = vec![dir.to_owned()];
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { paths.extend(self::paths(&path)) } else { paths.push(path) }
    }
    paths
}

fn bytes(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = paths(dir).into_iter().filter(|path| path.is_file());
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn a_copy_is_inspected_and_the_original_stays_as_it_is() {
    let scene = Scene::new(40);
    fs::write(scene.chain.dir().join("jenny.toml"), "checkpoints = []\n").unwrap();
    let verified = scene.inspected(scene.inspect("verify")).ok();
    assert!(verified.starts_with("ok height=40 "), "{verified}");
    let dumped = scene.inspected(scene.inspect("dump")).ok();
    assert_eq!(dumped.lines().count(), 41);
    let tip = scene.inspected(scene.inspect("dump").words("--tip --format json")).ok();
    assert!(tip.contains(&scene.chain.hash(40).to_string()), "{tip}");
    // As without the flag, which writes to the directory.
    let plain = Jenny::new("dump").arg("--data-dir", scene.chain.dir()).done().ok();
    assert_eq!(plain, dumped);
    // The settings of the original count.
    let wrong = format!("[[checkpoints]]\nheight = 3\nhash = \"{}\"\n", "ab".repeat(32));
    fs::write(scene.chain.dir().join("jenny.toml"), wrong).unwrap();
    scene.inspected(scene.inspect("verify")).failed(1);
}

#[test]
fn what_is_no_database_or_is_damaged_is_named_by_its_own_path() {
    let scene = Scene::new(3);
    let empty = tempfile::tempdir().unwrap();
    let text = Jenny::new("verify").words("--read-only").arg("--data-dir", empty.path()).done();
    let text = text.failed(2);
    assert!(text.contains(&format!("{} holds no chain", empty.path().display())), "{text}");
    tamper::spoil_block(&scene.chain.dir(), 2);
    let text = scene.inspected(scene.inspect("verify")).failed(1);
    assert!(text.starts_with("error: damage was found: block 2: "), "{text}");
    let done = scene.inspected(scene.inspect("dump"));
    assert_eq!(done.code, Some(4), "{}", done.err);
}

#[test]
fn a_repair_that_the_copy_needed_is_a_finding() {
    let scene = Scene::new(5);
    let snapshots = scene.tear_snapshots();
    let text = scene.inspected(scene.inspect("verify")).failed(1);
    assert!(text.contains("does not open as it is") && text.contains("snapshot"), "{text}");
    assert!(text.contains("hint: the original is as it was"), "{text}");
    let done = scene.inspected(scene.inspect("verify").words("--json"));
    assert_eq!(done.code, Some(1));
    assert!(done.out.starts_with("{\"ok\":false,\"repair\":\""), "{}", done.out);
    let done = scene.inspected(scene.inspect("dump"));
    assert_eq!((done.code, done.out.lines().count()), (Some(1), 6), "{}", done.err);
    assert_eq!(fs::read(&snapshots[0]).unwrap(), b"torn");
    // The next start repairs it, after which there is nothing to find.
    Jenny::new("dump").arg("--data-dir", scene.chain.dir()).done().ok();
    scene.inspected(scene.inspect("verify")).ok();
}

#[test]
fn a_running_node_keeps_its_directory_to_itself() {
    let scene = Scene::new(3);
    let node = Running::dev(&scene.chain.dir());
    for command in ["dump", "verify"] {
        let text = scene.inspect(command).done().failed(3);
        assert!(text.contains(&format!("in use by process {}", node.id())), "{text}");
        assert!(text.contains("jenny dump --url"), "{text}");
        assert_eq!(scene.copies(), 0);
    }
    node.stop();
}

#[test]
fn an_interruption_removes_the_copy() {
    let scene = Scene::new(2_000);
    // Nobody takes the output, which is more than a pipe holds.
    let mut child = scene.inspect("dump").spawn();
    let mut first = [0];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    until("the copy is there", || scene.copies() == 1);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let done = finish(child);
    assert_eq!(done.code, Some(130), "{}", done.err);
    assert_eq!(scene.copies(), 0);
    // So does a reader that leaves.
    let mut child = scene.inspect("dump").spawn();
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    drop(child.stdout.take());
    assert_eq!(finish(child).code, Some(0));
    assert_eq!(scene.copies(), 0);
}

#[test]
fn a_scratch_directory_in_the_data_directory_is_refused() {
    let scene = Scene::new(3);
    let dir = scene.chain.dir();
    let link = scene.scratch.path().join("link");
    std::os::unix::fs::symlink(&dir, &link).unwrap();
    for scratch in [dir.clone(), dir.join("db"), link.join("db")] {
        let command = Jenny::new("verify").words("--read-only").arg("--data-dir", &dir);
        let text = command.arg("--scratch", &scratch).done().failed(2);
        assert!(text.contains("is in the data directory"), "{text}");
    }
    let nowhere = scene.scratch.path().join("nowhere");
    let command = Jenny::new("verify").words("--read-only").arg("--data-dir", &dir);
    let text = command.arg("--scratch", &nowhere).done().failed(2);
    assert!(text.contains("name an existing directory with --scratch"), "{text}");
    let both = Jenny::new("dump").words("--read-only --url http://127.0.0.1:1").done();
    both.failed(2);
    Jenny::new("verify").arg("--scratch", &dir).done().failed(2);
    assert!(!nowhere.exists());
}
