//! A peer of the address book.

/// One peer of the address book.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BookEntry {
    /// Its address, as it was given.
    pub address: String,
    /// When a link to it last came about, in milliseconds since the epoch; 0 for never.
    pub last_success: u64,
    /// Attempts that failed since then.
    pub failures: u32,
    /// Whether only another peer spoke of it: nobody added it, and it was never reached.
    pub learned: bool,
}
