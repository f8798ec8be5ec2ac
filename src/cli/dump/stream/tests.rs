//! Tests of reading a chain from a node that breaks off, lies or never ends a block.

use super::*;
use crate::chain::test_util::{extend, mine, seal, spec_with};
use crate::chain::{Block, Hash, Header, parse_block, write_block_json};
use crate::cli::block_name::HashPrefix;
use crate::cli::exit::text_of;

/// The JSON of blocks 0 to `last` of a `dev` chain, one record in each.
fn blocks(last: u64) -> Vec<String> {
    let spec = Spec::dev();
    let genesis = spec.genesis();
    let mut state = TipState::genesis(&spec);
    let mut blocks = vec![json(genesis.block())];
    for height in 1..=last {
        let block = extend(&spec, &mut state, vec![format!("record {height}")], 0);
        blocks.push(json(block.block()));
    }
    blocks
}

fn json(block: &Block) -> String {
    let mut out = Vec::new();
    let hash = block.header.hash();
    write_block_json(&mut out, &Spec::dev(), &block.header, &hash, &block.records);
    String::from_utf8(out).unwrap()
}

/// The heights that come out of a walk along this text, and how it ends.
#[expect(clippy::needless_pass_by_value, reason = "callers write the selection in place")]
fn heights(select: Select, text: &str) -> (Vec<u64>, Result<()>) {
    let mut heights = Vec::new();
    let done = walk("node", &select, text.as_bytes(), &mut |piece| {
        if let Piece::Rows(rows) = piece {
            heights.extend(rows.iter().map(|row| row.header.height.get()));
        }
        Ok(())
    });
    (heights, done)
}

fn array(blocks: &[String]) -> String {
    format!("[{}]", blocks.join(","))
}

fn range(from: u64, to: u64) -> Select {
    Select::Range { from: Height::new(from), to: Height::new(to) }
}

fn error(select: Select, text: &str) -> String {
    text_of(&heights(select, text).1.unwrap_err())
}

#[test]
fn a_whole_chain_comes_out_in_order() {
    let (heights, done) = heights(range(0, u64::MAX), &array(&blocks(600)));
    done.unwrap();
    assert_eq!(heights, (0..=600).collect::<Vec<_>>());
}

#[test]
fn a_range_is_cut_out_and_no_more_is_read() {
    let text = array(&blocks(9));
    let (found, done) = heights(range(3, 5), &text);
    done.unwrap();
    assert_eq!(found, [3, 4, 5]);
    // What comes after the last wanted block is not read, broken or not.
    let cut = &text[..text.rfind("\"height\":7").unwrap()];
    heights(range(3, 5), cut).1.unwrap();
    let (found, done) = heights(range(8, 100), &text);
    done.unwrap();
    assert_eq!(found, [8, 9]);
    assert!(error(range(10, 11), &text).contains("no block 10: the chain ends at height 9"));
}

#[test]
fn a_hash_is_found_or_not() {
    let blocks = blocks(5);
    let hash = parse_block(blocks[4].as_bytes()).unwrap().hash();
    let by = |prefix: String| Select::Hash(HashPrefix(prefix));
    for digits in [8, 63, 64] {
        let (found, done) = heights(by(hash.to_string()[..digits].to_owned()), &array(&blocks));
        done.unwrap();
        assert_eq!(found, [4]);
    }
    let text = error(by(Hash::ZERO.to_string()), &array(&blocks));
    assert!(text.contains("no stored block has the hash 00"), "{text}");
    let text = error(by("00000000".to_owned()), &array(&blocks));
    assert!(text.contains("no hash of the main chain begins with 00000000"), "{text}");
}

#[test]
fn the_start_of_several_hashes_is_an_error_that_names_them() {
    let blocks = blocks(16);
    let hash = |json: &String| parse_block(json.as_bytes()).unwrap().hash().to_string();
    let hashes: Vec<String> = blocks.iter().map(hash).collect();
    // Of 17 hashes two begin with the same of 16 digits.
    let with = |digit: char| hashes.iter().filter(move |hash| hash.starts_with(digit));
    let digit = "0123456789abcdef".chars().find(|&digit| with(digit).count() > 1).unwrap();
    let select = Select::Hash(HashPrefix(digit.to_string()));
    let (found, done) = heights(select, &array(&blocks));
    assert!(found.is_empty());
    let text = text_of(&done.unwrap_err());
    let count = with(digit).count();
    assert!(text.contains(&format!("the hashes of {count} blocks begin with {digit}")), "{text}");
    assert!(with(digit).all(|hash| text.contains(hash)), "{text}");
}

#[test]
fn every_truncated_stream_is_an_error() {
    let text = array(&blocks(3));
    for end in 0..text.len() {
        let text = error(range(0, u64::MAX), &text[..end]);
        assert!(text.contains("the response of node ended early"), "{end}: {text}");
    }
}

#[test]
fn what_follows_the_chain_is_an_error() {
    let text = format!("{}x", array(&blocks(1)));
    assert!(error(range(0, u64::MAX), &text).contains("trailing"));
}

#[test]
fn a_chain_with_a_gap_is_an_error() {
    let mut blocks = blocks(5);
    blocks.remove(3);
    let (found, done) = heights(range(0, u64::MAX), &array(&blocks));
    assert!(text_of(&done.unwrap_err()).contains("block 4 does not follow"));
    assert!(found.iter().all(|&height| height < 3));
    assert!(error(range(0, 9), &array(&blocks[1..])).contains("it begins with block 1"));
}

#[test]
fn records_that_the_header_does_not_commit_to_are_an_error() {
    let text = array(&blocks(2)).replace("record 2", "record X");
    let text = error(range(0, u64::MAX), &text);
    assert!(text.contains("block 2: merkle_root: expected "), "{text}");
}

#[test]
fn a_chain_that_breaks_a_rule_is_an_error_at_the_first_block_that_does() {
    let spec = Spec::dev();
    let state = TipState::genesis(&spec);
    let good = mine(&spec, &state, vec!["a".to_owned()], Timestamp::default()).into_block();
    let target = good.header.bits.target().unwrap();
    let mined = |header: Header| {
        let header = (0..).map(|nonce| Header { nonce, ..header });
        header.into_iter().find(|header| target.is_met_by(&header.hash())).unwrap()
    };
    let mut lazy = good.header;
    seal(&mut lazy, false);
    let history = mined(Header { history_root: Hash::ZERO, ..good.header });
    let early = mined(Header { timestamp: Timestamp::default(), ..good.header });
    let hard = mined(Header { bits: "1f00ffff".parse().unwrap(), ..good.header });
    for (header, field) in
        [(lazy, "nonce: "), (history, "history_root: "), (early, "timestamp: "), (hard, "")]
    {
        let block = Block { header, records: good.records.clone() };
        let text = error(range(0, 9), &array(&[json(spec.genesis().block()), json(&block)]));
        assert!(
            text.contains(&format!("the node sent an invalid chain: block 1: {field}")),
            "{text}"
        );
    }
}

#[test]
fn more_records_than_a_block_may_have_are_refused_as_they_come() {
    let spec = Spec::dev();
    let max = spec.max_block_records() as usize;
    let genesis = json(spec.genesis().block());
    // Without an end: what is refused is not read on.
    let text = format!("[{genesis},{{\"data\":[{}\"\"", "\"\",".repeat(max));
    let text = error(range(0, 9), &text);
    assert!(text.contains(&format!("data has more than {max} records")), "{text}");
    let text = error(range(0, 9), "[{\"data\":[\"\",\"\"");
    assert!(text.contains("data has more than 1 records"), "{text}");
}

#[test]
fn rows_are_weighed_by_the_memory_that_they_cost() {
    let spec = Spec::dev();
    let mut state = TipState::genesis(&spec);
    let mut blocks = vec![json(spec.genesis().block())];
    for _ in 0..20 {
        let block =
            mine(&spec, &state, vec![String::new(); 4_096], Timestamp::default()).into_block();
        blocks.push(json(&block));
        let valid = state.check_block(&spec, block, Timestamp::from_millis(u64::MAX)).unwrap();
        state.extend(&valid);
    }
    walk("node", &range(0, u64::MAX), array(&blocks).as_bytes(), &mut |piece| {
        if let Piece::Rows(rows) = piece {
            let records: usize = rows.iter().map(|row| row.records.len()).sum();
            // A batch ends with the block that fills it.
            assert!(records * 24 <= (1 << 20) + 4_096 * 24, "{records}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_genesis_that_is_not_its_spec_is_an_error() {
    let spec = Spec::dev();
    let state = TipState::genesis(&spec);
    let other = Header { nonce: 1, ..*state.header() };
    let block = Block { header: other, records: vec![spec.canonical_text()] };
    let text = error(range(0, 9), &array(&[json(&block)]));
    assert!(text.contains("not the genesis block of its own parameters"), "{text}");
}

#[test]
fn a_block_without_end_is_an_error_before_it_fills_memory() {
    let start = "[{\"data\":[\"";
    let body = Read::chain(start.as_bytes(), std::io::repeat(b'x'));
    let done = walk("node", &range(0, 9), body, &mut |_| Ok(()));
    let text = text_of(&done.unwrap_err());
    assert!(text.contains("longer than any block can be"), "{text}");
}

/// A chain whose blocks may hold as many records as any chain's.
fn spec_of_most_records() -> Spec {
    let spec = spec_with(&[("max_block_records", &Spec::MAX_BLOCK_RECORDS.to_string())]);
    assert_eq!(spec.max_block_records(), Spec::MAX_BLOCK_RECORDS);
    spec
}

/// The most records, and together the most bytes. Escaped, each of these bytes is six.
fn max_records() -> Vec<String> {
    let each = Spec::MAX_BLOCK_BYTES / u64::from(Spec::MAX_BLOCK_RECORDS);
    vec!["\0".repeat(each.try_into().unwrap()); Spec::MAX_BLOCK_RECORDS as usize]
}

#[test]
fn the_largest_block_fits_the_bound() {
    let spec = spec_of_most_records();
    let state = TipState::genesis(&spec);
    let block = mine(&spec, &state, max_records(), Timestamp::default()).into_block();
    let text = array(&[json(spec.genesis().block()), json(&block)]);
    assert!(text.len() as u64 <= MAX_BLOCK_JSON_BYTES);
    heights(range(0, u64::MAX), &text).1.unwrap();
}

#[test]
fn the_bound_of_a_block_leaves_room_for_the_longest_header_and_no_more_records() {
    let longest = Header {
        version: u32::MAX,
        height: Height::new(u64::MAX),
        timestamp: Timestamp::from_millis(u64::MAX),
        nonce: u64::MAX,
        ..*Spec::dev().genesis().header()
    };
    let mut text = json(&Block { header: longest, records: max_records() });
    assert!(text.len() as u64 <= MAX_BLOCK_JSON_BYTES);
    // A few records more than there can be are above it.
    text.extend(std::iter::repeat_n(",\"\\u0000\"", 512));
    assert!(text.len() as u64 > MAX_BLOCK_JSON_BYTES);
}

#[test]
fn nobody_to_take_the_rows_ends_the_walk() {
    let text = array(&blocks(600));
    let done = walk("node", &range(0, u64::MAX), text.as_bytes(), &mut |piece| match piece {
        Piece::Start { .. } => Ok(()),
        Piece::Rows(_) => Err(crate::cli::exit::ReaderLeft.into()),
    });
    assert!(done.unwrap_err().is::<crate::cli::exit::ReaderLeft>());
}
