//! Who sends a request, and what that user may do.

pub(super) mod access;
pub(super) mod basic;
pub(super) mod password;
mod throttle;
pub(super) mod users;
pub(super) mod verify;
