//! The rows that wait for the next row group, written column by column.

use std::io::Write;

use bytes::Bytes;
use jenny_chain::chain::leaf_hash;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedRowGroupWriter;

/// Most values that are handed to a column at a time.
const VALUES_ROWS: usize = 1_024;

/// Bytes of records after which no further one is handed to a column at the same time, so that a
/// page has little more.
const VALUES_BYTES: usize = 256 << 10;

/// The columns that are the same in all rows of a block.
#[derive(Clone)]
pub(super) struct BlockFacts {
    pub(super) height: i64,
    pub(super) timestamp: i64,
    pub(super) hash: ByteArray,
    pub(super) bits: ByteArray,
    pub(super) difficulty: f64,
}

struct Row {
    /// Index in the blocks.
    block: usize,
    /// Index in its block.
    index: i32,
    record: ByteArray,
}

/// Rows that wait.
#[derive(Default)]
pub(super) struct RowGroup {
    blocks: Vec<BlockFacts>,
    rows: Vec<Row>,
    bytes: usize,
}

impl RowGroup {
    /// The next rows are of this block.
    pub(super) fn begin_block(&mut self, facts: BlockFacts) {
        // A block without a row needs no place.
        if self.rows.last().is_none_or(|row| row.block.saturating_add(1) < self.blocks.len()) {
            self.blocks.pop();
        }
        self.blocks.push(facts);
    }

    pub(super) fn add(&mut self, index: i32, record: ByteArray) {
        self.bytes = self.bytes.saturating_add(record.len());
        self.rows.push(Row { block: self.blocks.len().saturating_sub(1), index, record });
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of the records.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes the columns, in the order of the schema.
    pub(super) fn write<W: Write + Send>(
        self,
        mut group: SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        let group_writer = &mut group;
        self.of_blocks::<Int64Type, _>(group_writer, |block| block.height)?;
        self.of_blocks::<Int64Type, _>(group_writer, |block| block.timestamp)?;
        self.of_blocks::<ByteArrayType, _>(group_writer, |block| block.hash.clone())?;
        self.of_blocks::<ByteArrayType, _>(group_writer, |block| block.bits.clone())?;
        self.of_blocks::<DoubleType, _>(group_writer, |block| block.difficulty)?;
        self.column::<Int32Type, _>(group_writer, |row| Ok(row.index))?;
        self.column::<ByteArrayType, _>(group_writer, |row| {
            let id = leaf_hash(row.record.data());
            Ok(ByteArray::from(Bytes::copy_from_slice(&id.to_hex())))
        })?;
        self.column::<ByteArrayType, _>(group_writer, |row| Ok(row.record.clone()))?;
        self.column::<Int32Type, _>(group_writer, |row| {
            i32::try_from(row.record.len()).map_err(|error| ParquetError::External(error.into()))
        })?;
        group.close().map(drop)
    }

    fn of_blocks<T: DataType, W: Write + Send>(
        &self,
        group: &mut SerializedRowGroupWriter<'_, W>,
        value: impl Fn(&BlockFacts) -> T::T,
    ) -> Result<(), ParquetError> {
        let lost = || ParquetError::General("a row is of no block".to_owned());
        self.column::<T, W>(group, |row| self.blocks.get(row.block).map(&value).ok_or_else(lost))
    }

    fn column<T: DataType, W: Write + Send>(
        &self,
        group: &mut SerializedRowGroupWriter<'_, W>,
        value: impl Fn(&Row) -> Result<T::T, ParquetError>,
    ) -> Result<(), ParquetError> {
        let lost = || ParquetError::General("the schema has fewer columns".to_owned());
        let mut column = group.next_column()?.ok_or_else(lost)?;
        let mut rest = self.rows.as_slice();
        while !rest.is_empty() {
            let (chunk, more) = rest.split_at(chunk_rows(rest));
            let values = chunk.iter().map(&value).collect::<Result<Vec<_>, _>>()?;
            column.typed::<T>().write_batch(&values, None, None)?;
            rest = more;
        }
        column.close()
    }
}

/// How many of these rows are handed to a column at a time: at least one.
fn chunk_rows(rows: &[Row]) -> usize {
    let mut bytes = 0_usize;
    let fits = |row: &&Row| {
        let is_room = bytes < VALUES_BYTES;
        bytes = bytes.saturating_add(row.record.len());
        is_room
    };
    rows.iter().take(VALUES_ROWS).take_while(fits).count()
}
