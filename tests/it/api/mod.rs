//! The API as a client sees it: every status, header and shape, over real sockets.

mod auth;
mod bans;
mod blocks;
mod bodies;
mod chain;
mod chains;
mod compression;
mod connections;
mod consistency;
mod events;
mod gate;
mod long_requests;
mod metrics;
mod mine;
mod openapi;
mod pages;
mod parts;
mod peers;
mod pool_mining;
mod problems;
mod receipts;
mod records;
mod request_ids;
mod search;
mod series;
mod status;
