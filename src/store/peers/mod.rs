//! What is kept of peers: the address book and the bans.

pub(super) mod address_book;
pub(super) mod ban;
pub(super) mod ban_table;
pub(super) mod bans;
pub(super) mod book_entry;
mod layout;
