//! Numbered, self-contained upgrades of the database schema.
//!
//! A step may use only types defined in its own file: it must still mean the
//! same thing when the node's types have moved on, and this crate cannot see
//! them. Once released, a step is frozen; a mistake is corrected by the next
//! number.

use std::io;

use thiserror::Error;

#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
mod m0001_name_the_schema;
mod m0002_bans_beside_the_book;
mod m0003_record_trees;

/// The tree that holds the schema number, whatever the schema.
const CHAIN: &str = "chain";

/// Where the schema number stands: a u64, big-endian.
const SCHEMA: &[u8] = b"schema";

/// Leaves the database as the next version reads it.
///
/// A kill may come after a step's writes and before its number is recorded, so a
/// step must be safe to run again.
type Step = fn(&sled::Db) -> Result<(), MigrationError>;

/// Every step, in order. A database's schema number is how many have run.
const STEPS: &[(&str, Step)] = &[
    ("m0001_name_the_schema", m0001_name_the_schema::up),
    ("m0002_bans_beside_the_book", m0002_bans_beside_the_book::up),
    ("m0003_record_trees", m0003_record_trees::up),
];

/// Why an upgrade stopped. What was done so far is kept, and the next start goes on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The database reported a failure.
    #[error("the database failed")]
    Database(#[from] sled::Error),
    /// The database's file could not be made durable.
    #[error("the database's file could not be synchronized")]
    Sync(#[source] io::Error),
    /// The recorded number is not eight bytes.
    #[error("the schema number is damaged")]
    DamagedNumber,
    /// What a step has to read does not decode.
    #[error("{0} is damaged")]
    Damaged(&'static str),
    /// A newer program wrote the database.
    #[error("the database has schema {found}; this program supports up to {known}")]
    TooNew {
        /// Number on disk.
        found: u64,
        /// Newest number this build knows.
        known: u64,
    },
}

/// The newest schema number.
pub const fn newest() -> u64 {
    STEPS.len() as u64
}

/// Brings `db` to the newest schema and returns the names of the steps run.
///
/// `sync` makes the database's file durable (fdatasync); `progress` is told each
/// step's name before it runs.
///
/// # Errors
/// When the schema is newer than this build, or a step fails.
pub fn run(
    db: &sled::Db,
    sync: &dyn Fn() -> io::Result<()>,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<&'static str>, MigrationError> {
    let chain = db.open_tree(CHAIN)?;
    let found = number(&chain)?;
    let too_new = MigrationError::TooNew { found, known: newest() };
    let done = usize::try_from(found).map_err(|_| MigrationError::DamagedNumber)?;
    let Some(pending) = STEPS.get(done..) else { return Err(too_new) };
    let mut ran = Vec::new();
    for (number, (name, step)) in (found + 1..).zip(pending) {
        progress(name);
        step(db)?;
        db.flush()?;
        // The number goes last: a kill before it runs the step again.
        chain.insert(SCHEMA, &number.to_be_bytes())?;
        db.flush()?;
        sync().map_err(MigrationError::Sync)?;
        ran.push(*name);
    }
    Ok(ran)
}

fn number(chain: &sled::Tree) -> Result<u64, MigrationError> {
    let Some(bytes) = chain.get(SCHEMA)? else { return Ok(0) };
    let bytes = bytes.as_ref().try_into().map_err(|_| MigrationError::DamagedNumber)?;
    Ok(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests;
