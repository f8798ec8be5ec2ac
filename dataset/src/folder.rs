//! What keeps the files of a dataset.

mod create_only;
mod download;
mod local;
mod object;
mod secrets;
mod settings;
mod store_error;
mod upload;

use std::io::{Read, Write};

use anyhow::Result;

pub(crate) use local::LocalFolder;
pub(crate) use object::ObjectFolder;
pub(crate) use store_error::hint_in;

/// Name of the manifest.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Name of the folder in which every file is a part of the table.
pub(crate) const RECORDS: &str = "records";

/// What to do when writing fails.
pub(crate) const RUN_AGAIN: &str = "run the same command again: it continues";

/// The files of a dataset. Names are relative to it.
pub(crate) trait Folder {
    /// Its name in an error.
    fn name(&self) -> &str;

    /// What to do about this failure to write.
    fn advice(&self, error: &anyhow::Error) -> String;

    /// Reads the manifest, `None` if there is none.
    fn manifest(&mut self) -> Result<Option<Vec<u8>>>;

    /// Replaces the manifest at once, durably, if it is as it was last read or written.
    ///
    /// # Errors
    /// When it cannot be written, or another export changed it.
    fn commit(&mut self, manifest: &[u8]) -> Result<()>;

    /// Begins a file that the manifest does not name.
    fn create(&mut self, file: &str) -> Result<Box<dyn NewFile>>;

    /// Reads a file, `None` if it is missing.
    fn read(&self, file: &str) -> Result<Option<Box<dyn Read>>>;

    /// The names in [`RECORDS`] that a query of `records/*.parquet` reads.
    fn tables(&self) -> Result<Vec<String>>;
}

/// A file under construction. It appears when it is finished, complete; dropped before, nothing of
/// it is left.
pub(crate) trait NewFile: Write + Send {
    /// Makes the file appear, durably.
    fn finish(self: Box<Self>) -> Result<Finished>;
}

/// How a file was finished.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Finished {
    /// It has its name.
    Written,
    /// There is a file of that name, and it was left as it is.
    Exists,
}

/// Whether a query of `records/*.parquet` reads a file of this name.
fn is_table(name: &str) -> bool {
    let is_hidden = name.starts_with(['.', '_']);
    !is_hidden && name.ends_with(".parquet")
}
