//! What is particular to sled: its files before it opens them, opening it, and its errors.

pub(super) mod data_file;
pub(super) mod errors;
pub(super) mod open;
pub(super) mod page_cache;
