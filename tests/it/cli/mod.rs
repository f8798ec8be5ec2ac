//! The commands of the binary, as an operator sees them.

mod config;
mod dump;
mod events;
mod evidence;
mod explore;
mod export;
mod import;
mod init;
mod init_failed;
mod init_together;
mod log;
mod log_level;
mod peer;
mod receipt;
mod record;
mod remote;
mod repair;
mod run;
mod service;
mod status;
mod terminal;
mod user;
mod users_lock;
mod verify;
