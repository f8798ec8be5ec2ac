//! The `jenny` program.

fn main() {}
