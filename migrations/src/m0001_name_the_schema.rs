//! Starts counting schema numbers. There is nothing to move yet.

use crate::MigrationError;

#[expect(clippy::unnecessary_wraps, reason = "every step has this signature")]
pub(crate) fn up(_db: &sled::Db) -> Result<(), MigrationError> {
    Ok(())
}
