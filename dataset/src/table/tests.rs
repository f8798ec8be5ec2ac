//! Files are read back, and compared with a model.

use bytes::Bytes;
use jenny_chain::chain::test_util::spec_with;
use jenny_chain::chain::{Hash, leaf_hash};
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, TimestampType};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::record::RowAccessor as _;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::test_util::{chain, chain_of, usual_chain};

/// A row as the REST API tells it.
#[derive(Debug, PartialEq)]
struct ModelRow {
    height: i64,
    timestamp: i64,
    block_hash: String,
    bits: String,
    difficulty: f64,
    index: i32,
    record_id: String,
    record: String,
    record_bytes: i32,
}

fn model(blocks: &[HashedBlock]) -> Vec<ModelRow> {
    let rows = blocks.iter().flat_map(|block| {
        let mut json = Vec::new();
        let (header, hash) = (block.header(), block.hash());
        jenny_chain::chain::write_block_json(
            &mut json,
            &Spec::dev(),
            header,
            &hash,
            block.records(),
        );
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let records = json["data"].as_array().unwrap().clone();
        records.into_iter().enumerate().map(move |(index, record)| {
            let record = record.as_str().unwrap().to_owned();
            ModelRow {
                height: json["height"].as_i64().unwrap(),
                timestamp: json["timestamp"].as_i64().unwrap(),
                block_hash: json["hash"].as_str().unwrap().to_owned(),
                bits: json["bits"].as_str().unwrap().to_owned(),
                difficulty: json["difficulty"].as_f64().unwrap(),
                index: i32::try_from(index).unwrap(),
                record_id: leaf_hash(record.as_bytes()).to_string(),
                record_bytes: i32::try_from(record.len()).unwrap(),
                record,
            }
        })
    });
    rows.collect()
}

fn write(blocks: &[HashedBlock]) -> Bytes {
    let mut table = Table::new(Vec::new(), &Spec::dev()).unwrap();
    for block in blocks {
        table.add(block.clone()).unwrap();
    }
    let (bytes, rows) = table.finish(blocks.last().unwrap().id()).unwrap();
    assert_eq!(rows, blocks.iter().map(|block| block.records().len() as u64).sum::<u64>());
    bytes.into()
}

fn read(bytes: Bytes) -> Vec<ModelRow> {
    let reader = SerializedFileReader::new(bytes).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(|row| {
        let row = row.unwrap();
        ModelRow {
            height: row.get_long(0).unwrap(),
            timestamp: row.get_timestamp_millis(1).unwrap(),
            block_hash: row.get_string(2).unwrap().clone(),
            bits: row.get_string(3).unwrap().clone(),
            difficulty: row.get_double(4).unwrap(),
            index: row.get_int(5).unwrap(),
            record_id: row.get_string(6).unwrap().clone(),
            record: row.get_string(7).unwrap().clone(),
            record_bytes: row.get_int(8).unwrap(),
        }
    });
    rows.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_written_is_what_the_chain_has(
        lists in vec(vec(any::<String>(), 0..6), 0..6),
    ) {
        let blocks = chain(lists);
        prop_assert_eq!(read(write(&blocks)), model(&blocks));
        prop_assert_eq!(write(&blocks), write(&blocks), "the same chain has the same bytes");
    }
}

#[test]
fn texts_of_every_kind_come_back() {
    let largest = "\u{1f980}".repeat(65_536 / 4);
    let texts = ["", "\0", "\u{1f980}\u{10ffff}", "a\nb\r\"\\", &largest, "", "same", "same"];
    let blocks = chain([Vec::new(), texts.map(str::to_owned).to_vec(), Vec::new()]);
    let rows = read(write(&blocks));
    assert_eq!(rows, model(&blocks));
    assert_eq!(rows[5].record_bytes, 65_536);
    assert_eq!(rows[7].record_id, rows[8].record_id);
}

#[test]
fn a_range_without_records_is_a_file_without_rows() {
    let blocks = chain([Vec::new(), Vec::new()]);
    let bytes = write(&blocks[1..]);
    let reader = SerializedFileReader::new(bytes.clone()).unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 0);
    assert_eq!(read(bytes), []);
}

#[test]
fn columns_have_the_documented_types() {
    let bytes = write(&chain([]));
    let reader = SerializedFileReader::new(bytes).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let columns: Vec<_> = schema
        .columns()
        .iter()
        .map(|column| {
            assert_eq!(column.self_type().get_basic_info().repetition(), Repetition::REQUIRED);
            let logical = match column.logical_type_ref() {
                None => "",
                Some(LogicalType::String) => " (STRING)",
                Some(LogicalType::Timestamp(TimestampType {
                    is_adjusted_to_u_t_c: true, ..
                })) => " (TIMESTAMP)",
                Some(other) => panic!("{other:?}"),
            };
            // Older readers know these alone.
            let converted = match column.converted_type() {
                ConvertedType::NONE => "",
                ConvertedType::UTF8 => " (STRING)",
                ConvertedType::TIMESTAMP_MILLIS => " (TIMESTAMP)",
                other => panic!("{other:?}"),
            };
            assert_eq!(logical, converted);
            format!("{} {}{logical}", column.name(), column.physical_type())
        })
        .collect();
    assert_eq!(
        columns,
        [
            "height INT64",
            "timestamp INT64 (TIMESTAMP)",
            "block_hash BYTE_ARRAY (STRING)",
            "bits BYTE_ARRAY (STRING)",
            "difficulty DOUBLE",
            "index INT32",
            "record_id BYTE_ARRAY (STRING)",
            "record BYTE_ARRAY (STRING)",
            "record_bytes INT32",
        ]
    );
}

#[test]
fn a_file_says_which_blocks_it_has() {
    let blocks = usual_chain("a", 9);
    let bytes = write(&blocks);
    let reader = SerializedFileReader::new(bytes).unwrap();
    let metadata = reader.metadata().file_metadata();
    let pairs: Vec<_> = metadata
        .key_value_metadata()
        .unwrap()
        .iter()
        .map(|pair| (pair.key.as_str(), pair.value.clone().unwrap()))
        .collect();
    let (chain, last) = (Spec::dev().genesis().hash(), blocks.last().unwrap().hash());
    assert_eq!(pairs, [("jenny.chainId", chain.to_string()), ("jenny.lastHash", last.to_string())]);
}

#[test]
fn row_groups_are_bounded_by_rows_and_by_bytes_and_tell_their_heights() {
    let many = (0..9).map(|_| (0..250).map(|number| number.to_string()).collect());
    let large = (0..9).map(|number| vec![["a", "b"][number % 2].repeat(60_000); 5]);
    for (lists, groups) in [(many.collect::<Vec<_>>(), 3), (large.collect(), 3)] {
        let blocks = chain(lists);
        let table = Table::new(Vec::new(), &Spec::dev()).unwrap();
        let mut table = table.in_groups_of(1_000, 1_000_000);
        for block in &blocks {
            table.add(block.clone()).unwrap();
            assert!(table.group.rows() <= 1_000 && table.group.bytes() <= 1_000_000);
        }
        let (bytes, _) = table.finish(blocks.last().unwrap().id()).unwrap();
        assert_eq!(read(bytes.clone().into()), model(&blocks));
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let metadata = reader.metadata();
        assert_eq!(metadata.num_row_groups(), groups);
        let mut first = 0;
        for group in metadata.row_groups() {
            assert!(group.num_rows() <= 1_000);
            assert!(group.column(7).uncompressed_size() <= 1_010_000, "{group:?}");
            assert!(matches!(group.column(0).compression(), Compression::ZSTD(_)));
            let Some(Statistics::Int64(heights)) = group.column(0).statistics() else {
                panic!("heights have no statistics");
            };
            let (low, high) = (*heights.min_opt().unwrap(), *heights.max_opt().unwrap());
            assert!(first <= low && low <= high, "{low} to {high}");
            first = high;
        }
        assert_eq!(first, 9);
    }
}

#[test]
fn the_latest_time_that_a_block_may_have_is_exact() {
    const LATEST: i64 = 9_007_199_254_740_991;
    let spec = spec_with(&[("genesis_timestamp", &LATEST.to_string())]);
    let blocks = chain_of(&spec, []);
    let mut table = Table::new(Vec::new(), &spec).unwrap();
    table.add(blocks[0].clone()).unwrap();
    let (bytes, _) = table.finish(blocks[0].id()).unwrap();
    assert_eq!(read(bytes.into())[0].timestamp, LATEST);
}

#[test]
fn a_record_above_the_bound_of_a_row_group_has_one_to_itself() {
    let spec = spec_with(&[("max_record_bytes", "1048576")]);
    let blocks = chain_of(&spec, [vec!["x".repeat(1 << 20)]]);
    let mut table = Table::new(Vec::new(), &spec).unwrap().in_groups_of(1_000, 1_000);
    for block in &blocks {
        table.add(block.clone()).unwrap();
    }
    let (bytes, rows) = table.finish(blocks[1].id()).unwrap();
    let rows_read = read(bytes.clone().into());
    assert_eq!((rows, rows_read.len(), rows_read[1].record.len()), (2, 2, 1 << 20));
    let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 2);
}

#[test]
fn a_column_of_large_records_is_written_page_by_page() {
    /// Remembers the longest piece that it was given at once.
    #[derive(Default)]
    struct Longest(usize);
    impl Write for Longest {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.max(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut seed = Hash::ZERO;
    let mut noise = || {
        let mut text = String::new();
        while text.len() + 64 <= 65_536 {
            seed = leaf_hash(seed.as_bytes());
            text.push_str(&seed.to_string());
        }
        text
    };
    // 5 MiB of records that hardly compress, in one row group.
    let blocks = chain((0..5).map(|_| (0..16).map(|_| noise()).collect()));
    let mut table = Table::new(Longest::default(), &Spec::dev()).unwrap();
    for block in &blocks {
        table.add(block.clone()).unwrap();
    }
    let (longest, rows) = table.finish(blocks.last().unwrap().id()).unwrap();
    assert_eq!(rows, 81);
    assert!(longest.0 < 2 << 20, "{} bytes were held for one column", longest.0);
}
