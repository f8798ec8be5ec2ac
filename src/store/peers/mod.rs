//! What is kept of peers: the address book and the bans.

pub(super) mod address_book;
pub(super) mod bans;
