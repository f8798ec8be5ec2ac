//! The columns of a file. `docs/analytics.md` gives the reason for each type.

use std::sync::Arc;

use parquet::basic::{
    Compression, LogicalType, Repetition, TimeUnit, TimestampType, Type as Physical, ZstdLevel,
};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

/// Level of the compression: more takes longer and saves little.
const DATASET_ZSTD_LEVEL: i32 = 3;

/// Number of the column `index`, by which rows of one height are sorted.
const INDEX_COLUMN: i32 = 5;

const STRING: Option<LogicalType> = Some(LogicalType::String);

const MILLIS_UTC: Option<LogicalType> = Some(LogicalType::Timestamp(TimestampType {
    is_adjusted_to_u_t_c: true,
    unit: TimeUnit::MILLIS,
}));

/// Name, physical and logical type of each column.
const DATASET_COLUMNS: [(&str, Physical, Option<LogicalType>); 9] = [
    ("height", Physical::INT64, None),
    ("timestamp", Physical::INT64, MILLIS_UTC),
    ("block_hash", Physical::BYTE_ARRAY, STRING),
    ("bits", Physical::BYTE_ARRAY, STRING),
    ("difficulty", Physical::DOUBLE, None),
    ("index", Physical::INT32, None),
    ("record_id", Physical::BYTE_ARRAY, STRING),
    ("record", Physical::BYTE_ARRAY, STRING),
    ("record_bytes", Physical::INT32, None),
];

/// The columns, none of which is ever null.
#[expect(clippy::expect_used, reason = "the types above fit each other, as every test shows")]
pub(super) fn schema() -> TypePtr {
    let columns = DATASET_COLUMNS.map(|(name, physical, logical)| {
        let column = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(logical);
        Arc::new(column.build().expect("a column"))
    });
    let schema = Type::group_type_builder("record").with_fields(columns.to_vec());
    Arc::new(schema.build().expect("a group of columns"))
}

/// How they are written.
#[expect(clippy::expect_used, reason = "the level is one that zstd has")]
pub(super) fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(DATASET_ZSTD_LEVEL).expect("a level");
    let sorted = |column_idx| SortingColumn { column_idx, descending: false, nulls_first: false };
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_sorting_columns(Some(vec![sorted(0), sorted(INDEX_COLUMN)]));
    // Their values hardly repeat; a dictionary would hold the whole column in memory.
    for column in ["record_id", "record"] {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(column), false)
            .set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Chunk);
    }
    properties.build()
}
