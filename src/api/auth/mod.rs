//! Who sends a request, and what that user may do.

pub(super) mod access;
pub(super) mod basic;
mod generation;
pub(super) mod password;
pub(super) mod session;
mod throttle;
pub(super) mod users;
pub(super) mod verify;
