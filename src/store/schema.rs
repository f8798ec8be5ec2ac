//! Bringing a database to this program's schema, and what keeps older programs away from it.

use std::path::Path;

use migrations::{MigrationError, Phase, Progress};

use super::durable_tip::DurableTip;
use super::lock::DirectoryLock;
use super::schema_file::SchemaFile;
use super::sled::errors::{guarded, read_error};
use super::sled::open::Engine;
use super::sled::page_cache::{Kernel, System};
use super::{Options, StoreError};

/// Least room in which a database is upgraded, in bytes: the steps of this program write a few KiB,
/// and the engine whole segments.
pub(super) const MIN_UPGRADE_ROOM: u64 = 64 << 20;

/// The schema of a stopped node's database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Schema {
    /// Its number: how many steps have run.
    pub found: u64,
    /// The names of all steps that this program knows, in order.
    pub steps: Vec<&'static str>,
}

impl Schema {
    /// The steps that have not run, each with its number.
    pub fn missing(&self) -> impl Iterator<Item = (u64, &'static str)> {
        let all = (1..).zip(self.steps.iter().copied());
        all.filter(|(number, _)| *number > self.found)
    }
}

/// The schema of the database in `directory`. Opens the engine, which writes to the database a
/// little, and runs no step.
///
/// # Errors
/// As [`super::open()`], as far as it concerns the engine and the schema.
pub fn schema(directory: &Path, progress: &mut dyn FnMut(&str)) -> Result<Schema, StoreError> {
    with_engine(directory, progress, &Kernel, |_, _, _| Ok(()))
}

/// Brings the database in `directory` to the newest schema, as every opening does. Returns the
/// schema that it had.
///
/// # Errors
/// As [`super::open()`], as far as it concerns the engine and the schema;
/// [`StoreError::NoRoom`] when the disk is nearly full: nothing was written.
pub fn migrate(directory: &Path, progress: &mut dyn FnMut(&str)) -> Result<Schema, StoreError> {
    with_engine(directory, progress, &Kernel, |noted, engine, progress| {
        upgrade(directory, noted, engine, progress)
    })
}

fn with_engine(
    directory: &Path,
    progress: &mut dyn FnMut(&str),
    system: &dyn System,
    code: impl FnOnce(Option<&SchemaFile>, &Engine, &mut dyn FnMut(&str)) -> Result<(), StoreError>,
) -> Result<Schema, StoreError> {
    check_known(directory)?;
    if !Engine::exists(directory)? {
        return Err(DurableTip::why_missing(directory)?);
    }
    let _lock = DirectoryLock::take(directory)?;
    let noted = check_known(directory)?;
    check_room(directory, noted.as_ref(), system)?;
    let engine = Engine::open(directory, &Options::default(), progress, system)?;
    guarded(|| {
        let found = migrations::found(&engine.db).map_err(|error| of_migration(error, None))?;
        code(noted.as_ref(), &engine, progress)?;
        Ok(Schema { found, steps: migrations::steps().collect() })
    })
}

/// Refuses a database that a newer program wrote, by the file beside it: nothing is opened for it,
/// and nothing written. Returns what the file says.
pub(super) fn check_known(directory: &Path) -> Result<Option<SchemaFile>, StoreError> {
    let noted = SchemaFile::read(directory)?;
    match noted {
        Some(SchemaFile { schema: found, program }) if found > migrations::newest() => {
            let known = migrations::newest();
            Err(StoreError::Newer { found, known, program: Some(program) })
        }
        noted => Ok(noted),
    }
}

/// Refuses to upgrade a database on a disk that is nearly full. One of this program's schema needs
/// no upgrade.
pub(super) fn check_room(
    directory: &Path,
    noted: Option<&SchemaFile>,
    system: &dyn System,
) -> Result<(), StoreError> {
    if noted.is_some_and(|noted| noted.schema == migrations::newest()) {
        return Ok(());
    }
    let folder = Engine::folder(directory);
    let free = system.free_bytes(&folder).map_err(|source| StoreError::Io {
        action: format!("asking for the free space of {}", folder.display()),
        source,
    })?;
    if free >= MIN_UPGRADE_ROOM {
        return Ok(());
    }
    let what = "upgrading the database".to_owned();
    Err(StoreError::NoRoom { path: folder, what, free, needed: MIN_UPGRADE_ROOM })
}

/// Runs the steps that are missing. The file beside the database is written before the first of
/// them, so that it never names a lower schema than anything inside has.
pub(super) fn upgrade(
    directory: &Path,
    noted: Option<&SchemaFile>,
    engine: &Engine,
    progress: &mut dyn FnMut(&str),
) -> Result<(), StoreError> {
    let failed = |error| of_migration(error, noted);
    let found = migrations::found(&engine.db).map_err(failed)?;
    if noted.is_none_or(|noted| noted.schema != migrations::newest()) {
        SchemaFile::newest().write(directory)?;
    }
    let last = migrations::newest();
    let mut tell = |Progress { number, name, phase }: Progress| {
        if phase == Phase::Begun {
            progress(&format!("migrating from schema {found} to {last}: step {number}, {name}"));
        }
    };
    migrations::run(&engine.db, &|| engine.file.sync(), &mut tell).map(drop).map_err(failed)
}

fn of_migration(error: MigrationError, noted: Option<&SchemaFile>) -> StoreError {
    match error {
        MigrationError::TooNew { found, known } => {
            // The file may be that of another database, as after a restored backup.
            let program = noted.filter(|noted| noted.schema == found);
            StoreError::Newer { found, known, program: program.map(|noted| noted.program.clone()) }
        }
        MigrationError::Database(error) => read_error(error),
        MigrationError::Sync(source) => {
            StoreError::Io { action: "migrating the database".to_owned(), source }
        }
        error => StoreError::Damaged { what: error.to_string() },
    }
}

#[cfg(test)]
mod tests;
