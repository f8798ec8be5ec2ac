//! What is salvaged of databases that lack something.

use std::collections::BTreeSet;

use super::*;
use crate::store::test_util::{Home, append, genesis, grow, mine, store};
use crate::store::{OwnWaiting, PendingBatch, PendingRecord, pending_charge};

/// A damaged directory, and one for what is salvaged.
struct Scene {
    home: Home,
    blocks: Vec<ValidBlock>,
    into: Home,
}

impl Scene {
    /// A chain of this many blocks above genesis, each with the records `record N` and `other N`.
    fn new(blocks: u64) -> (Self, Opened) {
        let (home, mut opened) = Home::opened();
        let mut state = genesis();
        let texts = |number| [format!("record {number}"), format!("other {number}")];
        let blocks: Vec<_> = (1..=blocks).map(|number| mine(&mut state, &texts(number))).collect();
        append(&mut opened, &blocks);
        (Self { home, blocks, into: Home::new() }, opened)
    }

    fn salvage(&self) -> Salvaged {
        self.salvage_within(WaitingBounds::OF_A_DATABASE)
    }

    fn salvage_within(&self, bounds: WaitingBounds) -> Salvaged {
        let (copy, into) = (self.home.directory.path(), self.into.directory.path());
        let specs = [Spec::jenny(), Spec::dev()];
        let (steps, progress) = (&mut |_: &str| (), &mut |_, _| ());
        salvage_within(copy, into, &specs, bounds, steps, progress).unwrap()
    }

    fn id(&self, height: usize) -> Hash {
        self.blocks[height - 1].hash()
    }
}

fn remove(opened: &Opened, height: u64) {
    let key = crate::store::layout::block_key(Height::new(height));
    opened.writer.database.chain.remove(key).unwrap().unwrap();
}

/// Flips a bit of a block's last record.
fn spoil(opened: &Opened, height: u64) {
    let key = crate::store::layout::block_key(Height::new(height));
    let chain = &opened.writer.database.chain;
    let mut value = chain.get(key).unwrap().unwrap().to_vec();
    *value.last_mut().unwrap() ^= 1;
    chain.insert(key, value).unwrap();
}

fn own_ids(opened: &Opened, texts: &[&str]) -> Vec<bool> {
    texts.iter().map(|text| opened.reader.is_own(&leaf_hash(text.as_bytes())).unwrap()).collect()
}

fn batch(sequence: u64, texts: &[&str]) -> PendingBatch {
    let record = |text: &&str| PendingRecord { is_own: true, text: (*text).into() };
    PendingBatch { sequence, records: texts.iter().map(record).collect() }
}

fn ranges(ranges: &Ranges) -> Vec<(u64, u64)> {
    ranges.ranges.iter().map(|(first, last)| (first.get(), last.get())).collect()
}

#[test]
fn a_whole_database_is_salvaged_whole() {
    let (scene, mut opened) = Scene::new(4);
    let mut side = TipState::genesis(&Spec::dev());
    store(&mut opened, &grow(&mut side, 2, "beside"));
    opened.writer.mark_own(&[leaf_hash(b"record 2"), leaf_hash(b"waits")], 7).unwrap();
    opened.writer.mark_own_block(scene.blocks[2].id()).unwrap();
    opened.writer.append_pending(&batch(7, &["waits"])).unwrap();
    opened.writer.commit().unwrap();
    drop(opened);
    let found = scene.salvage();
    assert!(found.is_whole(), "{found:?}");
    assert_eq!((found.tip.hash, found.records, found.pending), (scene.id(4), 8, 1));
    assert_eq!((found.branch_blocks, found.lost_own.total), (2, 0));
    let opened = scene.into.open();
    opened.reader.check_all(&mut |_| true).unwrap();
    assert_eq!(opened.reader.check_branches().unwrap().blocks, 2);
    assert_eq!(opened.pending, [batch(7, &["waits"])]);
    assert_eq!(
        own_ids(&opened, &["record 2", "waits", "record 1", "record 3"]),
        [true, true, false, false]
    );
    assert!(
        opened
            .writer
            .database
            .own
            .contains_key(crate::store::layout::own_block_key(scene.blocks[2].id()))
            .unwrap()
    );
}

#[test]
fn own_records_above_a_lost_block_wait_again_and_others_do_not_become_own() {
    let (scene, mut opened) = Scene::new(6);
    // An own record in a block of another miner's, and a block that was mined here.
    opened.writer.mark_own(&[leaf_hash(b"record 4"), leaf_hash(b"record 3")], 1).unwrap();
    opened.writer.mark_own_block(scene.blocks[4].id()).unwrap();
    spoil(&opened, 3);
    opened.writer.commit().unwrap();
    drop(opened);
    let found = scene.salvage();
    assert!(!found.is_whole());
    assert_eq!(found.tip.hash, scene.id(2));
    assert_eq!(
        (ranges(&found.lost_heights), ranges(&found.unlinked)),
        (vec![(3, 3)], vec![(4, 6)])
    );
    assert_eq!(found.lost.items[0].records, Some(2));
    assert!(found.lost.items[0].why.contains("merkle_root"), "{:?}", found.lost);
    assert_eq!((found.returned, found.left_out), (3, 3));
    assert_eq!(found.lost_own.items, [leaf_hash(b"record 3")]);
    let opened = scene.into.open();
    assert_eq!(opened.reader.tip().hash, scene.id(2));
    let waiting: Vec<_> = opened.pending.iter().flat_map(|batch| &batch.records).collect();
    let texts: Vec<_> = waiting.iter().map(|record| &*record.text).collect();
    assert_eq!(texts, ["record 4", "record 5", "other 5"]);
    assert!(waiting.iter().all(|record| record.is_own));
    let own =
        own_ids(&opened, &["record 4", "record 5", "other 5", "other 4", "record 6", "record 1"]);
    assert_eq!(own, [true, true, true, false, false, false]);
}

#[test]
fn own_records_that_are_too_many_to_wait_are_in_a_file_of_requests() {
    let unbounded = WaitingBounds::OF_A_DATABASE;
    for (bounds, aside) in [
        (WaitingBounds { records: 3, ..unbounded }, 3),
        (WaitingBounds { bytes: 3 * pending_charge("record 1"), ..unbounded }, 3),
        (unbounded, 0),
    ] {
        let (scene, mut opened) = Scene::new(5);
        for block in &scene.blocks {
            opened.writer.mark_own_block(block.id()).unwrap();
        }
        remove(&opened, 2);
        opened.writer.commit().unwrap();
        drop(opened);
        let found = scene.salvage_within(bounds);
        assert_eq!((found.returned, found.aside, found.left_out), (6 - aside, aside, 0));
        let file = scene.into.directory.path().join(RETURNED_FILE);
        if aside == 0 {
            assert!(!file.exists());
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, "{\"data\":[\"other 4\",\"record 5\",\"other 5\"]}\n");
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let opened = scene.into.open();
        let waiting = opened.pending.iter().flat_map(|batch| &batch.records);
        let texts: Vec<_> = waiting.map(|record| &*record.text).collect();
        assert_eq!(texts, ["record 3", "other 3", "record 4"]);
    }
}

#[test]
fn records_that_waited_already_leave_less_room_for_those_that_wait_again() {
    let bounds = WaitingBounds { records: 4, ..WaitingBounds::OF_A_DATABASE };
    let (scene, mut opened) = Scene::new(5);
    for block in &scene.blocks {
        opened.writer.mark_own_block(block.id()).unwrap();
    }
    let waited = ["waits", "record 3"];
    opened.writer.mark_own(&waited.map(|text| leaf_hash(text.as_bytes())), 1 << 63).unwrap();
    opened.writer.append_pending(&batch(1 << 63, &waited)).unwrap();
    remove(&opened, 2);
    opened.writer.commit().unwrap();
    drop(opened);
    let found = scene.salvage_within(bounds);
    assert_eq!((found.pending, found.returned, found.aside, found.left_out), (2, 2, 3, 0));
    let text = std::fs::read_to_string(scene.into.directory.path().join(RETURNED_FILE)).unwrap();
    assert_eq!(text, "{\"data\":[\"other 4\",\"record 5\",\"other 5\"]}\n");
    // A backup of the new directory can be imported.
    let mut import = OwnWaiting::within(bounds);
    for record in scene.into.open().pending.iter().flat_map(|batch| &batch.records) {
        assert_eq!(import.add(leaf_hash(record.text.as_bytes()), &record.text), Ok(true));
    }
}

#[test]
fn a_record_that_waits_stays_own_where_marks_are_lost() {
    for (before, stays) in [(&4_u64.to_be_bytes()[..], false), (b"torn", true)] {
        let (scene, mut opened) = Scene::new(2);
        opened.writer.append_pending(&batch(7, &["waits"])).unwrap();
        let own = &opened.writer.database.own;
        own.insert(crate::store::layout::BEFORE_OWN, before).unwrap();
        opened.writer.commit().unwrap();
        drop(opened);
        assert_eq!(scene.salvage().is_whole(), !stays);
        assert_eq!(own_ids(&scene.into.open(), &["waits"]), [stays]);
    }
}

#[test]
fn a_second_salvage_keeps_the_records_that_the_first_one_returned() {
    let (scene, mut opened) = Scene::new(6);
    opened.writer.mark_own(&[leaf_hash(b"record 6"), leaf_hash(b"record 3")], 1).unwrap();
    spoil(&opened, 5);
    opened.writer.commit().unwrap();
    drop(opened);
    assert_eq!(scene.salvage().returned, 1);
    let opened = scene.into.open();
    spoil(&opened, 2);
    drop(opened);
    let second = Scene { home: scene.into, blocks: scene.blocks, into: Home::new() };
    let found = second.salvage();
    assert_eq!((found.returned, found.pending), (1, 1));
    let opened = second.into.open();
    let waiting = opened.pending.iter().flat_map(|batch| &batch.records);
    let texts: Vec<_> = waiting.map(|record| &*record.text).collect();
    assert_eq!(texts, ["record 3", "record 6"], "the older one first");
    assert_eq!(own_ids(&opened, &texts), [true, true]);
}

#[test]
fn blocks_from_before_the_marks_are_own_up_to_where_the_fresh_chain_ends() {
    let (scene, opened) = Scene::new(5);
    opened
        .writer
        .database
        .own
        .insert(crate::store::layout::BEFORE_OWN, &4_u64.to_be_bytes())
        .unwrap();
    remove(&opened, 3);
    drop(opened);
    let found = scene.salvage();
    assert_eq!((found.returned, found.left_out), (2, 2), "block 4 is own, block 5 is not");
    let opened = scene.into.open();
    let before = crate::store::own::before_own(&opened.writer.database).unwrap();
    assert_eq!(before, Some(Height::new(2)));
}

#[test]
fn a_chain_that_lost_its_end_is_named_by_the_durable_tip() {
    let (scene, opened) = Scene::new(5);
    drop(opened);
    let tip = scene.home.directory.path().join("durable-tip");
    let kept = std::fs::read(&tip).unwrap();
    let opened = scene.home.open();
    remove(&opened, 5);
    remove(&opened, 4);
    drop(opened);
    std::fs::write(&tip, kept).unwrap();
    let found = scene.salvage();
    assert_eq!((found.tip.hash, found.end), (scene.id(3), Height::new(5)));
    assert_eq!(ranges(&found.lost_heights), [(4, 5)]);
    assert_eq!(found.lost.items[0].why, "it is missing");
    assert!(found.unread[0].contains("before a reorg"), "{:?}", found.unread);
}

#[test]
fn a_copy_beside_the_main_chain_takes_the_place_of_a_lost_block() {
    let (scene, mut opened) = Scene::new(5);
    store(&mut opened, &scene.blocks[2..3]);
    spoil(&opened, 3);
    opened.writer.commit().unwrap();
    drop(opened);
    let found = scene.salvage();
    assert!(found.is_whole(), "{found:?}");
    assert_eq!(found.tip.hash, scene.id(5));
}

#[test]
fn a_lost_spec_is_found_among_the_known_ones() {
    let (scene, opened) = Scene::new(2);
    opened.writer.database.chain.remove("spec").unwrap().unwrap();
    drop(opened);
    let found = scene.salvage();
    assert_eq!((found.spec.clone(), found.tip.hash), (Spec::dev(), scene.id(2)));
    assert!(found.repairs[0].contains("the blocks are of chain dev"), "{found:?}");
    let home = scene.home.directory.path();
    let other = Home::new();
    let none = salvage(home, other.directory.path(), &[Spec::jenny()], &mut |_| (), &mut |_, _| ());
    assert!(matches!(none, Err(StoreError::Damaged { .. })));
    assert_eq!(std::fs::read_dir(other.directory.path()).unwrap().count(), 0);
}

#[test]
fn a_torn_batch_and_a_branch_without_its_block_are_named() {
    let (scene, mut opened) = Scene::new(2);
    let mut side = TipState::genesis(&Spec::dev());
    let beside = grow(&mut side, 3, "beside");
    store(&mut opened, &beside);
    opened.writer.append_pending(&batch(4, &["whole"])).unwrap();
    let database = &opened.writer.database;
    database.pending.insert(crate::store::layout::pending_key(5, 0), b"torn").unwrap();
    database.pending.insert(crate::store::layout::pending_key(6, 1), b"half").unwrap();
    let key = crate::store::layout::branch_key(beside[1].id());
    database.branches.insert(key, b"torn").unwrap();
    opened.writer.commit().unwrap();
    drop(opened);
    let found = scene.salvage();
    assert!(!found.is_whole());
    assert_eq!((found.lost_batches.items.as_slice(), found.pending), (&[5, 6][..], 1));
    let beside = (found.branch_blocks, found.lost_branch_blocks, found.unlinked_branch_blocks);
    assert_eq!(beside, (1, 1, 1));
    assert_eq!(scene.into.open().pending, [batch(4, &["whole"])]);
}

#[test]
fn records_of_lost_blocks_are_named_by_the_index() {
    let (scene, opened) = Scene::new(3);
    let place = |prefix: &[u8], position: u32| {
        [b"r", prefix, &2_u64.to_be_bytes(), &position.to_be_bytes()].concat()
    };
    let index = &opened.writer.database.index;
    let id = |text: &str| leaf_hash(text.as_bytes());
    index.insert(place(&id("record 2").as_bytes()[..8], 0), b"").unwrap();
    index.insert(place(&id("other 2").as_bytes()[..8], 1), b"").unwrap();
    remove(&opened, 2);
    drop(opened);
    let found = scene.salvage();
    let named: Vec<_> = found.lost_records.items.iter().map(|record| record.prefix).collect();
    let expected = ["record 2", "other 2"].map(|text| super::super::HashPrefix::of(&id(text)));
    assert_eq!(named, expected);
    assert!(id("record 2").to_string().starts_with(&named[0].to_string()));
}

#[test]
fn ranges_join_neighbours_and_contain_what_they_name() {
    let mut ranges = Ranges::default();
    let heights = [1, 2, 3, 7, 9, 10];
    for height in heights {
        ranges.push(Height::new(height));
    }
    assert_eq!((self::ranges(&ranges), ranges.total), (vec![(1, 3), (7, 7), (9, 10)], 6));
    let contained: BTreeSet<_> =
        (0..12).filter(|height| ranges.contains(Height::new(*height))).collect();
    assert_eq!(contained, BTreeSet::from(heights));
}
