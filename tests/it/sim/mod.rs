//! Simulated networks: many nodes in one thread, whose time and chance are arguments.

mod binary;
mod json;
