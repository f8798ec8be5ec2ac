//! The commands of the binary, as an operator sees them.

mod dump;
mod init;
mod log;
mod peer;
mod remote;
mod repair;
mod run;
mod status;
mod verify;
