//! How many headers and trees of records a thread hashes.

use std::cell::Cell;

/// What was hashed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hashes {
    pub(crate) headers: usize,
    pub(crate) merkle_roots: usize,
}

thread_local! {
    static HASHES: Cell<Hashes> = Cell::default();
}

pub(in crate::chain) fn count_header() {
    add(Hashes { headers: 1, merkle_roots: 0 });
}

pub(in crate::chain) fn count_merkle_root() {
    add(Hashes { headers: 0, merkle_roots: 1 });
}

fn add(more: Hashes) {
    let Hashes { headers, merkle_roots } = HASHES.get();
    let (headers, merkle_roots) = (headers + more.headers, merkle_roots + more.merkle_roots);
    HASHES.set(Hashes { headers, merkle_roots });
}

/// Runs `work`. Returns what it hashed on this thread, too.
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> (T, Hashes) {
    HASHES.take();
    let done = work();
    (done, HASHES.take())
}
