//! Recorded, self-contained upgrades of the database schema.
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

/// Where a step is. A kill at any of these points leaves a database that the next run completes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// It is about to run.
    Begun,
    /// Its work is flushed, and its number is not recorded.
    Worked,
    /// Its number is recorded, and not flushed.
    Recorded,
    /// It is on the disk.
    Durable,
}

/// A point of progress.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// The schema number that the step brings.
    pub number: u64,
    /// The step's name.
    pub name: &'static str,
    /// Where it is.
    pub phase: Phase,
}

/// The newest schema number.
pub const fn newest() -> u64 {
    STEPS.len() as u64
}

/// The names of all steps, in order.
pub fn steps() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|(name, _)| *name)
}

/// The schema number of `db`: how many steps have run. Creates tree `chain` in a new database, and
/// writes nothing else.
///
/// # Errors
/// When the number is newer than this build or damaged, or the database fails.
pub fn found(db: &sled::Db) -> Result<u64, MigrationError> {
    let found = number(&db.open_tree(CHAIN)?)?;
    if found > newest() {
        return Err(MigrationError::TooNew { found, known: newest() });
    }
    Ok(found)
}

/// Brings `db` to the newest schema and returns the names of the steps run.
///
/// `sync` makes the database's file durable (fdatasync); `progress` is told of each phase of each
/// step.
///
/// # Errors
/// When the schema is newer than this build, or a step fails.
pub fn run(
    db: &sled::Db,
    sync: &dyn Fn() -> io::Result<()>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<&'static str>, MigrationError> {
    let found = found(db)?;
    let chain = db.open_tree(CHAIN)?;
    let done = usize::try_from(found).map_err(|_| MigrationError::DamagedNumber)?;
    let mut ran = Vec::new();
    for (number, (name, step)) in (found + 1..).zip(STEPS.get(done..).unwrap_or_default()) {
        let mut at = |phase| progress(Progress { number, name, phase });
        at(Phase::Begun);
        step(db)?;
        db.flush()?;
        at(Phase::Worked);
        // The number goes last: a kill before it runs the step again.
        chain.insert(SCHEMA, &number.to_be_bytes())?;
        at(Phase::Recorded);
        db.flush()?;
        sync().map_err(MigrationError::Sync)?;
        at(Phase::Durable);
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
