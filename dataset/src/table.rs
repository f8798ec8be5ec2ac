//! A Parquet file with the records of consecutive blocks, a row for each.

mod row_group;
mod schema;

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use jenny_chain::chain::{BlockId, Difficulty, HashedBlock, Spec};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::writer::SerializedFileWriter;

use row_group::{BlockFacts, RowGroup};

/// Most rows of a row group.
const MAX_ROW_GROUP_ROWS: usize = 131_072;

/// Most bytes of records in a row group, of which memory holds one. 32 MiB.
const MAX_ROW_GROUP_BYTES: usize = 32 << 20;

/// A file under construction. Holds one row group.
pub(crate) struct Table<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    spec: Spec,
    group: RowGroup,
    max_rows: usize,
    max_bytes: usize,
    rows: u64,
}

impl<W: Write + Send> Table<W> {
    /// Begins a file with records of this chain.
    ///
    /// # Errors
    /// When it cannot be written, as everywhere here.
    pub(crate) fn new(out: W, spec: &Spec) -> Result<Self, ParquetError> {
        let writer =
            SerializedFileWriter::new(out, schema::schema(), Arc::new(schema::properties()))?;
        Ok(Self {
            writer,
            spec: spec.clone(),
            group: RowGroup::default(),
            max_rows: MAX_ROW_GROUP_ROWS,
            max_bytes: MAX_ROW_GROUP_BYTES,
            rows: 0,
        })
    }

    /// Makes row groups of other bounds.
    #[cfg(test)]
    fn in_groups_of(mut self, rows: usize, bytes: usize) -> Self {
        (self.max_rows, self.max_bytes) = (rows, bytes);
        self
    }

    /// Adds the records of the next block.
    pub(crate) fn add(&mut self, block: HashedBlock) -> Result<(), ParquetError> {
        let facts = self.facts(&block)?;
        self.group.begin_block(facts.clone());
        for (index, record) in block.into_block().records.into_iter().enumerate() {
            let bytes = self.group.bytes().saturating_add(record.len());
            let is_full = self.group.rows() >= self.max_rows || bytes > self.max_bytes;
            if is_full && self.group.rows() > 0 {
                self.write_group()?;
                self.group.begin_block(facts.clone());
            }
            let index =
                i32::try_from(index).map_err(|error| ParquetError::External(error.into()))?;
            self.group.add(index, ByteArray::from(record.into_bytes()));
            self.rows = self.rows.saturating_add(1);
        }
        Ok(())
    }

    /// Ends the file, whose last block is `last`. Returns what it was written to, and its rows.
    pub(crate) fn finish(mut self, last: BlockId) -> Result<(W, u64), ParquetError> {
        if self.group.rows() > 0 {
            self.write_group()?;
        }
        let chain = self.spec.genesis().hash().to_string();
        for (key, value) in [("jenny.chainId", chain), ("jenny.lastHash", last.hash.to_string())] {
            self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        Ok((self.writer.into_inner()?, self.rows))
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        std::mem::take(&mut self.group).write(self.writer.next_row_group()?)
    }

    /// The columns that are the same in all rows of a block.
    fn facts(&self, block: &HashedBlock) -> Result<BlockFacts, ParquetError> {
        let (header, limit) = (block.header(), self.spec.pow_limit());
        // The bits of a block that met its target are one.
        let difficulty = Difficulty::of(header.bits.target().unwrap_or(limit), limit);
        let integer = |number: u64| {
            i64::try_from(number).map_err(|error| ParquetError::External(error.into()))
        };
        Ok(BlockFacts {
            height: integer(header.height.get())?,
            timestamp: integer(header.timestamp.as_millis())?,
            hash: ByteArray::from(Bytes::copy_from_slice(&block.hash().to_hex())),
            bits: ByteArray::from(header.bits.to_string().into_bytes()),
            difficulty: difficulty.get(),
        })
    }
}

#[cfg(test)]
mod tests;
