//! Exports whose source breaks off, or is another chain when it is read on.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs;
use std::io::Read;
use std::rc::Rc;

use tempfile::TempDir;

use super::*;
use crate::chain::test_util::extend;
use crate::chain::{Hash, HashedBlock, Spec, TipState, leaf_hash};
use crate::store::OwnMark;

/// Gives one file after the other, as a node whose connections break.
struct Scripted {
    /// None of the bytes: it refuses the request.
    parts: VecDeque<Vec<u8>>,
    asked: Rc<RefCell<Vec<u64>>>,
    tip: u64,
}

impl ChainSource for Scripted {
    fn name(&self) -> &'static str {
        "the node"
    }

    fn open(&mut self, from: u64, _: Option<u64>) -> Result<Box<dyn Read>> {
        self.asked.borrow_mut().push(from);
        let part = self.parts.pop_front().unwrap();
        if part.is_empty() {
            return Err(Failure::no("the range starts above the tip").into());
        }
        Ok(Box::new(std::io::Cursor::new(part)))
    }

    fn total(&self, _: u64, _: Option<u64>) -> Option<u64> {
        None
    }

    fn tip(&self) -> Result<u64> {
        Ok(self.tip)
    }

    fn may_break(&self) -> bool {
        true
    }
}

/// A chain of blocks that do not compress, each of which has a frame to itself.
fn chain(label: &str, count: usize) -> Vec<HashedBlock> {
    let mut state = TipState::genesis(&Spec::dev());
    let mut blocks = vec![HashedBlock::new(Spec::dev().genesis().into_block())];
    for number in 0..count {
        let mut seed = leaf_hash(format!("{label} {number}").as_bytes());
        let mut texts = vec![String::new(); 5];
        for text in &mut texts {
            while text.len() < 60_000 {
                seed = leaf_hash(seed.as_bytes());
                text.push_str(&seed.to_string());
            }
        }
        let block = extend(&Spec::dev(), &mut state, texts, 1);
        blocks.push(HashedBlock::new(block.into_block()));
    }
    blocks
}

/// The file of these blocks from a height on, with a mark and a pending record.
fn file(blocks: &[HashedBlock], from: usize, pending: &str) -> Vec<u8> {
    let parent = from.checked_sub(1).map(|below| blocks[below].id());
    let start = Start { spec: Spec::dev(), parent, has_own: true };
    let mut encoder = Encoder::new(&start).unwrap();
    blocks[from..].iter().for_each(|block| encoder.add(block).unwrap());
    encoder.mark(&OwnMark::Record(Hash::ZERO)).unwrap();
    encoder.pending(pending).unwrap();
    encoder.finish().unwrap();
    encoder.take()
}

/// The beginning of a file.
fn cut(file: &[u8], length: usize) -> Vec<u8> {
    file[..length].to_vec()
}

/// Exports what these sources give into a file. Returns it, or the error, and what was asked for.
fn export(dir: &TempDir, parts: Vec<Vec<u8>>) -> (Result<Vec<u8>>, Vec<u64>) {
    export_to(u64::MAX, dir, parts)
}

/// As [`export`], with `--to`.
fn export_to(to: u64, dir: &TempDir, parts: Vec<Vec<u8>>) -> (Result<Vec<u8>>, Vec<u64>) {
    let name = dir.path().join("file.chain");
    let asked = Rc::new(RefCell::new(Vec::new()));
    let source = Box::new(Scripted { parts: parts.into(), asked: Rc::clone(&asked), tip: 2 });
    let sink = Sink::File(part_file::PartFile::open(&name).unwrap());
    let progress = Progress::start("export", None);
    let mut copy = Copy { source, sink, from: 0, to: Some(to), file: None, progress };
    let done = copy.run().and_then(|()| {
        copy.sink.finish()?;
        Ok(fs::read(&name).unwrap())
    });
    let asked = asked.borrow().clone();
    (done, asked)
}

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_connection_that_breaks_is_read_on_behind_the_last_block() {
    let blocks = chain("a", 6);
    let whole = file(&blocks, 0, "waits");
    let (first, second) = (cut(&whole, 400_000), file(&blocks, 3, "waits"));
    let (done, asked) =
        export(&dir(), vec![first, cut(&second, 350_000), file(&blocks, 5, "waits")]);
    assert!(done.unwrap() == whole, "the same file as in one go");
    assert_eq!(asked, [0, 3, 5]);
}

#[test]
fn what_follows_the_blocks_is_written_again_when_it_was_not_complete() {
    let blocks = chain("a", 3);
    let older = file(&blocks[..3], 0, "an older one");
    // Only the end is missing.
    let broken = cut(&older, older.len() - 10);
    let (done, asked) = export(&dir(), vec![broken, file(&blocks, 3, "waits")]);
    assert!(done.unwrap() == file(&blocks, 0, "waits"));
    assert_eq!(asked, [0, 3]);
}

#[test]
fn a_reorg_of_what_was_written_starts_the_file_anew() {
    let (one, two) = (chain("a", 3), chain("b", 4));
    let broken = cut(&file(&one, 0, "waits"), 400_000);
    let parts = vec![broken, file(&two, 3, "waits"), file(&two, 0, "waits")];
    let (done, asked) = export(&dir(), parts);
    assert!(done.unwrap() == file(&two, 0, "waits"), "one chain");
    assert_eq!(asked, [0, 3, 0]);
}

#[test]
fn a_reorg_to_a_shorter_chain_starts_the_file_anew() {
    let (one, two) = (chain("a", 5), chain("b", 2));
    let broken = cut(&file(&one, 0, "waits"), 700_000);
    let (done, asked) = export(&dir(), vec![broken, Vec::new(), file(&two, 0, "waits")]);
    assert!(done.unwrap() == file(&two, 0, "waits"), "one chain");
    assert_eq!(asked, [0, 5, 0]);
}

#[test]
fn a_refusal_for_another_reason_is_the_last_word_and_the_part_stays() {
    let one = chain("a", 5);
    // Two blocks, and the node has as many.
    let broken = cut(&file(&one, 0, "waits"), 400_000);
    let dir = dir();
    let (done, _) = export(&dir, vec![broken, Vec::new()]);
    let text = exit::text_of(&done.unwrap_err());
    assert!(text.contains("the range starts above the tip"), "{text}");
    assert!(dir.path().join("file.chain.part").exists());
}

#[test]
fn a_chain_that_is_reorged_again_and_again_is_given_up() {
    let (one, two) = (chain("a", 3), chain("b", 4));
    let broken = cut(&file(&one, 0, "waits"), 400_000);
    let parts = [broken, file(&two, 3, "waits")];
    let dir = dir();
    let (done, _) = export(&dir, parts.iter().cycle().take(8).cloned().collect());
    let text = exit::text_of(&done.unwrap_err());
    assert!(text.contains("left the main chain\nhint: start the export again"), "{text}");
    assert!(!dir.path().join("file.chain").exists());
}

#[test]
fn what_an_ended_process_left_is_continued_unless_it_is_something_else() {
    let blocks = chain("a", 4);
    let whole = file(&blocks, 0, "waits");
    let other = file(&chain("b", 4), 0, "waits");
    for (left, asked) in [
        (cut(&whole, 500_000), vec![4]),
        (cut(&whole, 20), vec![0]),
        (b"something else".to_vec(), vec![0]),
        (file(&blocks, 2, "waits"), vec![0]),
        (cut(&other, other.len() - 1), vec![5, 0]),
    ] {
        let dir = dir();
        fs::write(dir.path().join("file.chain.part"), left).unwrap();
        let parts = match asked[..] {
            [4] => vec![file(&blocks, 4, "waits")],
            [5, 0] => vec![file(&blocks, 5, "waits"), whole.clone()],
            _ => vec![whole.clone()],
        };
        let (done, found) = export(&dir, parts);
        assert!(done.unwrap() == whole, "{asked:?}");
        assert_eq!(found, asked);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "only the file");
    }
}

#[test]
fn what_an_ended_process_left_is_continued_within_its_range_alone() {
    let blocks = chain("a", 4);
    let wanted = file(&blocks[..3], 0, "waits");
    // All blocks are there, and only what follows them is missing.
    let complete = cut(&wanted, wanted.len() - 10);
    let beyond = cut(&file(&blocks, 0, "waits"), wanted.len() + 250_000);
    for (left, asked, part) in
        [(complete, 3, file(&blocks[..3], 3, "waits")), (beyond, 0, wanted.clone())]
    {
        let dir = dir();
        fs::write(dir.path().join("file.chain.part"), left).unwrap();
        let (done, found) = export_to(2, &dir, vec![part]);
        assert!(done.unwrap() == wanted, "from block {asked}");
        assert_eq!(found, [asked]);
    }
}

#[test]
fn what_a_node_sends_is_not_believed() {
    let blocks = chain("a", 2);
    let mut damaged = file(&blocks, 0, "waits");
    damaged[300_000] ^= 1;
    for (sent, expected) in [
        (damaged, "what the node sent cannot be used: it is damaged at byte"),
        (file(&blocks, 1, "waits"), "sent other blocks than asked for"),
        (b"<html>..".to_vec(), "what the node sent cannot be used: it is not a chain file"),
    ] {
        let dir = dir();
        let (done, _) = export(&dir, vec![sent]);
        let text = exit::text_of(&done.unwrap_err());
        assert!(text.contains(expected) && !text.contains("copy the file"), "{text}");
        assert!(!dir.path().join("file.chain").exists());
    }
}

#[test]
fn two_exports_do_not_write_the_same_file() {
    let dir = dir();
    let name = dir.path().join("file.chain");
    let first = part_file::PartFile::open(&name).unwrap();
    let refused = part_file::PartFile::open(&name).err().unwrap();
    let text = exit::text_of(&refused);
    assert!(text.contains("another export is writing"), "{text}");
    drop(first);
    part_file::PartFile::open(&name).unwrap();
}
