//! One connection: dialing it, the upgrade to WebSocket, and the guard that bounds its frames.

pub(super) mod budget;
pub(super) mod connect;
pub(super) mod debts;
pub(super) mod frame_guard;
mod frame_header;
mod happy_eyeballs;
mod http_head;
pub(super) mod stats;
pub(super) mod subprotocol;
pub(super) mod transport;
mod upgrade;
pub(super) mod upgrade_slots;
