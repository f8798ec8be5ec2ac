//! Who may take a route.

use super::users::Role;

/// Who may take a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum Access {
    /// Anyone, without credentials.
    Everyone,
    /// Any user.
    Users,
    /// Users who may change something.
    Operators,
}

impl Access {
    /// Whether a caller of this role may; `None` is a caller without credentials.
    pub(in crate::api) fn admits(self, role: Option<Role>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Users => role.is_some(),
            Self::Operators => role == Some(Role::Operator),
        }
    }
}
