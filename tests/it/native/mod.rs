//! The binary dialect between real processes, and against scripted peers that mean ill.

mod interop;
mod transcript;
