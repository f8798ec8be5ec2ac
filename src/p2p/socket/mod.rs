//! One connection: dialing it, the upgrade to WebSocket, and the guard that bounds its frames.

pub(super) mod budget;
pub(super) mod debts;
pub(super) mod frame_guard;
mod frame_header;
pub(super) mod frame_writer;
pub(super) mod happy_eyeballs;
pub(super) mod http_head;
pub(super) mod messages;
pub(super) mod stats;
pub(super) mod subprotocol;
pub(super) mod transport;
pub(super) mod upgrade;
pub(super) mod upgrade_slots;
