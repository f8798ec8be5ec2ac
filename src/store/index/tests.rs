//! The index by hand, and its bytes.

use super::*;
use crate::chain::{TipState, ValidBlock, leaf_hash};
use crate::store::test_util::{Home, genesis, grow, mine};
use crate::store::{Opened, Writer};

fn id(record: &str) -> Hash {
    leaf_hash(record.as_bytes())
}

fn prefixes(block: &ValidBlock) -> Vec<HashPrefix> {
    block.block().records.iter().map(|record| HashPrefix::of(&id(record))).collect()
}

fn apply(writer: &mut Writer, mut batch: IndexBatch) -> IndexStep {
    loop {
        match writer.index(&mut batch).unwrap() {
            IndexStep::Partial => {}
            step => return step,
        }
    }
}

fn insertion(cursor: BlockId, blocks: &[ValidBlock]) -> IndexBatch {
    let mut batch = IndexBatch::extending(cursor);
    for block in blocks {
        batch.push(block.id(), prefixes(block));
    }
    batch.ending_at(blocks.last().map_or(cursor, ValidBlock::id))
}

/// The blocks from the highest on down.
fn removal(blocks: &[ValidBlock], to: BlockId) -> IndexBatch {
    let mut batch = IndexBatch::leaving(blocks.last().unwrap().id());
    for block in blocks.iter().rev() {
        batch.push(block.id(), prefixes(block));
    }
    batch.ending_at(to)
}

fn append(opened: &mut Opened, blocks: &[ValidBlock]) {
    for block in blocks {
        opened.writer.append(block).unwrap();
    }
    opened.writer.commit().unwrap();
}

fn reorg(opened: &mut Opened, blocks: &[ValidBlock]) {
    for block in blocks {
        opened.writer.store_branch_block(block).unwrap();
    }
    opened.writer.reorg(blocks.last().unwrap().id()).unwrap();
}

/// The first place of a record that the index leads to.
fn place(opened: &Opened, record: &str) -> Option<RecordLocation> {
    let (view, id) = (opened.reader.view(), id(record));
    let mut above = None;
    loop {
        let places = view.indexed_places(&id, above).unwrap();
        let found = view.first_with_record(&id, &places).unwrap();
        above = places.last().copied();
        if found.is_some() || above.is_none() {
            return found;
        }
    }
}

fn is_indexed(opened: &Opened, block: &ValidBlock) -> bool {
    opened.reader.view().find_indexed_block(&block.hash()).unwrap() == Some(block.id())
}

/// A chain of `blocks` blocks, all of them indexed.
fn indexed(home: &Home, blocks: u64) -> (Opened, TipState, Vec<ValidBlock>) {
    let (mut opened, mut state) = (home.open(), genesis());
    let blocks = grow(&mut state, blocks, "main");
    append(&mut opened, &blocks);
    assert_eq!(apply(&mut opened.writer, insertion(genesis().id(), &blocks)), IndexStep::Applied);
    (opened, state, blocks)
}

#[test]
fn keys_have_these_bytes() {
    let hash = id("a");
    let height = Height::new(0x0102_0304_0506_0708);
    let place = RecordPlace { height, position: 0x090a_0b0c };
    let prefix = hash.as_bytes()[..8].to_vec();
    let block = Entry::Block(HashPrefix::of(&hash), height);
    assert_eq!(block.key(), [b"h", &prefix[..], &[1, 2, 3, 4, 5, 6, 7, 8]].concat());
    let record = Entry::Record(HashPrefix::of(&hash), place);
    let tail = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    assert_eq!(record.key(), [b"r", &prefix[..], &tail].concat());
    for entry in [block, record] {
        assert_eq!(Entry::parse(&entry.key()).unwrap(), entry);
    }
    let cursor = BlockId { height, hash };
    assert_eq!(encode_cursor(cursor)[..8], [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(encode_cursor(cursor)[8..], hash.as_bytes()[..]);
    assert_eq!(decode_cursor(&encode_cursor(cursor)).unwrap(), cursor);
}

#[test]
fn entries_are_sorted_as_their_keys_are() {
    let entries = [
        Entry::Block(HashPrefix(1 << 63), Height::new(1)),
        Entry::Block(HashPrefix(3), Height::new(256)),
        Entry::Record(HashPrefix(3), RecordPlace { height: Height::new(2), position: 300 }),
        Entry::Record(HashPrefix(3), RecordPlace { height: Height::new(2), position: 7 }),
        Entry::Record(HashPrefix(2), RecordPlace { height: Height::new(9), position: 0 }),
    ];
    let mut by_entry = entries;
    by_entry.sort_unstable();
    let mut by_key = entries;
    by_key.sort_unstable_by_key(|entry| entry.key());
    assert_eq!(by_entry, by_key);
}

#[test]
fn torn_keys_and_cursors_are_damage() {
    let long = [&b"r"[..], &[0; 21]].concat();
    for key in [&b""[..], b"h", b"r12345678", b"x1234567812345678", &long] {
        assert!(matches!(Entry::parse(key), Err(StoreError::Damaged { .. })), "{key:?}");
    }
    assert!(matches!(decode_cursor(&[0; 39]), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_new_index_has_genesis() {
    let home = Home::new();
    let opened = home.open();
    let block = crate::chain::Spec::dev().genesis();
    assert_eq!(opened.reader.indexed(), Height::GENESIS);
    assert_eq!(opened.reader.view().index_cursor(), block.id());
    assert!(is_indexed(&opened, &block));
    let found = place(&opened, &block.block().records[0]).unwrap();
    assert_eq!(found, RecordLocation { block: block.id(), position: 0 });
}

#[test]
fn a_record_is_found_where_it_was_first() {
    let home = Home::new();
    let (mut opened, mut state) = (home.open(), genesis());
    let records = ["twice", "other", "twice"].map(str::to_owned);
    let blocks = [mine(&mut state, &["first".to_owned()]), mine(&mut state, &records), {
        mine(&mut state, &["twice".to_owned()])
    }];
    append(&mut opened, &blocks);
    apply(&mut opened.writer, insertion(genesis().id(), &blocks));
    let at = |block: &ValidBlock, position| Some(RecordLocation { block: block.id(), position });
    assert_eq!(place(&opened, "twice"), at(&blocks[1], 0));
    assert_eq!(place(&opened, "other"), at(&blocks[1], 1));
    assert_eq!(place(&opened, "first"), at(&blocks[0], 0));
    assert_eq!(place(&opened, "none"), None);
}

#[test]
fn entries_that_are_not_true_are_skipped_however_many_there_are() {
    let home = Home::new();
    let (opened, _, blocks) = indexed(&home, 60);
    let (wanted, prefix) = (&blocks[55], HashPrefix::of(&id("main 55")));
    for height in (1..56).map(Height::new).chain([Height::new(61), Height::new(u64::MAX)]) {
        let index = &opened.writer.database.index;
        let record = Entry::Record(prefix, RecordPlace { height, position: 0 });
        index.insert(record.key(), &[]).unwrap();
        let block = Entry::Block(HashPrefix::of(&wanted.hash()), height);
        index.insert(block.key(), &[]).unwrap();
    }
    assert_eq!(place(&opened, "main 55").map(|found| found.block), Some(wanted.id()));
    assert!(is_indexed(&opened, wanted));
}

#[test]
fn a_batch_that_does_not_fit_is_dropped() {
    let home = Home::new();
    let (mut opened, mut state, blocks) = indexed(&home, 4);
    let more = grow(&mut state, 2, "more");
    append(&mut opened, &more);
    // Not above the cursor, or not on the main chain.
    let other = insertion(blocks[2].id(), &more);
    assert_eq!(apply(&mut opened.writer, other), IndexStep::Dropped);
    let mut branch = genesis();
    let beside = grow(&mut branch, 5, "beside");
    let off = insertion(blocks[3].id(), &beside[4..]);
    assert_eq!(apply(&mut opened.writer, off), IndexStep::Dropped);
    assert!(!is_indexed(&opened, &more[0]));
    assert_eq!(opened.reader.indexed(), Height::new(4));
    let right = insertion(blocks[3].id(), &more);
    assert_eq!(apply(&mut opened.writer, right), IndexStep::Applied);
    assert_eq!(opened.reader.indexed(), Height::new(6));
}

#[test]
fn nothing_is_indexed_while_the_disk_is_low() {
    let home = Home::new();
    let (opened, mut state, blocks) = indexed(&home, 2);
    drop(opened);
    let mut home = home;
    home.options.min_free_bytes = u64::MAX;
    let mut opened = home.open();
    let mut batch = insertion(blocks[1].id(), &grow(&mut state, 0, ""));
    let refused = opened.writer.index(&mut batch);
    assert!(matches!(refused, Err(StoreError::DiskLow { .. })), "{refused:?}");
}

#[test]
fn a_reorg_lowers_what_is_indexed_until_the_index_was_led_back() {
    let home = Home::new();
    let (mut opened, _, blocks) = indexed(&home, 9);
    let before = opened.reader.view();
    let mut branch = genesis();
    let first = grow(&mut branch, 4, "main");
    assert_eq!(first, blocks[..4]);
    let winner = grow(&mut branch, 7, "winner");
    reorg(&mut opened, &winner);
    assert_eq!(opened.reader.indexed(), Height::new(4));
    assert_eq!(opened.reader.view().index_cursor(), blocks[8].id());
    assert!(!before.is_published());
    assert!(opened.reader.view().is_published());
    assert_eq!(place(&opened, "main 6"), None);

    let back = removal(&blocks[4..], blocks[3].id());
    assert_eq!(apply(&mut opened.writer, back), IndexStep::Applied);
    assert_eq!(opened.reader.view().index_cursor(), blocks[3].id());
    apply(&mut opened.writer, insertion(blocks[3].id(), &winner));
    assert_eq!(opened.reader.indexed(), Height::new(11));
    assert_eq!(place(&opened, "winner 6").map(|found| found.block), Some(winner[6].id()));
    // Genesis and 11 blocks of a record, and the cursor; and the 5 disconnected blocks.
    assert_eq!(opened.writer.database.index.len(), 12 * 2 + 1 + 5);
}

#[test]
fn a_reorg_within_a_batch_ends_it_beside_the_main_chain() {
    let home = Home::new();
    let (mut opened, mut state) = (home.open(), genesis());
    let blocks = grow(&mut state, 300, "main");
    append(&mut opened, &blocks);
    let mut batch = insertion(genesis().id(), &blocks);
    assert_eq!(opened.writer.index(&mut batch).unwrap(), IndexStep::Partial);
    let mut branch = genesis();
    reorg(&mut opened, &grow(&mut branch, 301, "winner"));
    assert_eq!(apply(&mut opened.writer, batch), IndexStep::Applied);
    assert_eq!(opened.reader.view().index_cursor(), blocks[299].id());
    assert_eq!(opened.reader.indexed(), Height::GENESIS);
    let back = removal(&blocks, genesis().id());
    assert_eq!(apply(&mut opened.writer, back), IndexStep::Applied);
    // Genesis, the cursor, and the 300 disconnected blocks.
    assert_eq!(opened.writer.database.index.len(), 2 + 1 + 300);
}

#[test]
fn branches_stay_until_the_index_was_led_back_along_them() {
    let mut home = Home::new();
    home.options.branch_quiet = std::time::Duration::ZERO;
    home.options.branch_heights = 2;
    let (mut opened, _, blocks) = indexed(&home, 9);
    let mut branch = genesis();
    reorg(&mut opened, &grow(&mut branch, 30, "winner"));
    while opened.writer.prune().unwrap() {}
    assert_eq!(opened.reader.held_block(blocks[8].id()).unwrap().hash, blocks[8].hash());
    apply(&mut opened.writer, removal(&blocks, genesis().id()));
    while opened.writer.prune().unwrap() {}
    let gone = opened.reader.held_block(blocks[8].id());
    assert!(matches!(gone, Err(StoreError::NotHeld(_))), "{gone:?}");
}

#[test]
fn opening_finds_how_far_the_index_is_after_a_reorg() {
    let home = Home::new();
    let (mut opened, _, blocks) = indexed(&home, 9);
    let mut branch = genesis();
    grow(&mut branch, 4, "main");
    reorg(&mut opened, &grow(&mut branch, 7, "winner"));
    drop(opened);
    let opened = home.open();
    assert_eq!(opened.reader.indexed(), Height::new(4));
    assert_eq!(opened.reader.view().index_cursor(), blocks[8].id());
}

#[test]
fn a_removal_that_a_kill_interrupts_leaves_entries_and_lacks_none() {
    let home = Home::new();
    let (mut opened, _, blocks) = indexed(&home, 300);
    let mut branch = genesis();
    grow(&mut branch, 4, "main");
    reorg(&mut opened, &grow(&mut branch, 300, "winner"));
    let mut back = removal(&blocks[4..], blocks[3].id());
    assert_eq!(opened.writer.index(&mut back).unwrap(), IndexStep::Partial);
    drop(opened);
    let opened = home.open();
    assert_eq!(opened.reader.view().index_cursor(), blocks[3].id());
    assert_eq!(opened.reader.indexed(), Height::new(4));
    assert!(blocks[..4].iter().all(|block| is_indexed(&opened, block)));
}

#[test]
fn an_entry_that_is_missing_is_found_by_a_check() {
    let home = Home::new();
    let (opened, _, blocks) = indexed(&home, 9);
    assert_eq!(opened.reader.check_index().unwrap(), Height::new(9));
    let height = Height::new(5);
    let block = Entry::Block(HashPrefix::of(&blocks[4].hash()), height);
    let place = RecordPlace { height, position: 0 };
    let record = Entry::Record(HashPrefix::of(&id("main 4")), place);
    for entry in [block, record] {
        let index = &opened.writer.database.index;
        index.remove(entry.key()).unwrap();
        let damage = opened.reader.check_index().unwrap_err().to_string();
        assert!(damage.contains("block 5: the index lacks it"), "{damage}");
        index.insert(entry.key(), &[]).unwrap();
    }
}

#[test]
fn index_entries_wait_for_no_commit() {
    let home = Home::new();
    let (opened, ..) = indexed(&home, 3);
    assert!(!opened.writer.unsealed);
}
