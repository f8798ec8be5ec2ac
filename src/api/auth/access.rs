//! Who may take a route.

use super::users::Role;

/// Who may take a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum Access {
    /// Anyone, without credentials.
    Everyone,
    /// Users of this role or a higher one.
    AtLeast(Role),
}

/// Any user: programs that watch the node.
pub(in crate::api) const MONITORS: Access = Access::AtLeast(Role::Monitor);
/// Users who may read everything.
pub(in crate::api) const READERS: Access = Access::AtLeast(Role::Reader);
/// Users who may add records.
pub(in crate::api) const WRITERS: Access = Access::AtLeast(Role::Writer);
/// Users who may change the node.
pub(in crate::api) const OPERATORS: Access = Access::AtLeast(Role::Operator);

impl Access {
    /// Returns the lowest role that may, if a caller of this role may not; `None` is a caller
    /// without credentials.
    pub(in crate::api) fn lacking(self, role: Option<Role>) -> Option<Role> {
        match self {
            Self::Everyone => None,
            Self::AtLeast(lowest) => (role < Some(lowest)).then_some(lowest),
        }
    }
}

#[cfg(test)]
mod tests;
