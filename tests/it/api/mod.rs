//! The API as a client sees it: every status, header and shape, over real sockets.

mod auth;
mod bans;
mod blocks;
mod bodies;
mod chains;
mod connections;
mod gate;
mod mine;
mod peers;
mod problems;
mod status;
