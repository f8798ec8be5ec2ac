//! Damage done to a stopped node's database, behind the store's back.

use std::path::Path;

use super::command::open_here;
use super::until;

/// A schema number that no version of the program knows.
pub(crate) const UNKNOWN_SCHEMA: u64 = 99;

/// Flips a bit of the last record of this block.
pub(crate) fn spoil_block(data_dir: &Path, height: u64) {
    change(data_dir, |chain| {
        let key = [b"b".as_slice(), &height.to_be_bytes()].concat();
        let mut value = chain.get(&key).unwrap().unwrap().to_vec();
        *value.last_mut().unwrap() ^= 1;
        chain.insert(key, value).unwrap();
    });
}

/// Takes the chain's parameters away.
pub(crate) fn remove_spec(data_dir: &Path) {
    change(data_dir, |chain| {
        chain.remove("spec").unwrap().unwrap();
    });
}

/// Says that a newer program wrote the database.
pub(crate) fn raise_schema(data_dir: &Path) {
    change(data_dir, |chain| {
        chain.insert("schema", &UNKNOWN_SCHEMA.to_be_bytes()).unwrap().unwrap();
    });
}

fn change(data_dir: &Path, change: impl FnOnce(&sled::Tree)) {
    let _open = open_here();
    let config = sled::Config::new().path(data_dir.join("db")).segment_size(2 << 20);
    let mut db = None;
    // sled lets its lock go a little after it is dropped.
    until("the database can be opened", || {
        db = config.open().ok();
        db.is_some()
    });
    let db = db.unwrap();
    change(&db.open_tree("chain").unwrap());
    db.flush().unwrap();
}
