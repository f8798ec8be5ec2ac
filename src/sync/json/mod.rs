//! The JSON dialect: three messages, and one link's part of the state machine.

pub(super) mod limits;
pub(super) mod link;
mod receive;
mod send;
