//! Names: of a link, and of where it leads.

/// A socket to a peer, for as long as it lasts. Never used twice.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LinkId(pub u64);

/// The address that a link leads to, in the driver's numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Origin(pub u128);
