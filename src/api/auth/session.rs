//! A caller whose credentials are right.

use tokio_util::sync::CancellationToken;

use super::users::Role;

/// A caller whose credentials are right.
#[derive(Clone, Debug)]
pub(in crate::api) struct Session {
    pub(in crate::api) role: Role,
    /// Whether these are the default credentials.
    pub(in crate::api) is_default: bool,
    /// Cancelled once the user is removed or gets another password or role.
    pub(in crate::api) ended: CancellationToken,
}
