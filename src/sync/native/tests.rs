//! What the binary dialect promises.
