//! How many files and sockets the process may open, compared with what its settings allow for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors beside those of connections: the database, the log, the runtime, and files that
/// are read for a moment.
const OTHER_DESCRIPTORS: usize = 64;

/// Raises the process's limit of open descriptors to what this many connections need, as far as
/// the system lets it, and says in the log when that is too little.
pub(super) fn provide(connections: usize) {
    let needed = u64::try_from(connections.saturating_add(OTHER_DESCRIPTORS)).unwrap_or(u64::MAX);
    let limit = getrlimit(Resource::Nofile);
    let Some(to) = raised(&limit, needed) else { return };
    if limit.current != Some(to) {
        let new = Rlimit { current: Some(to), maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, new) {
            tracing::warn!("the limit of open files and sockets cannot be raised to {to}: {error}");
            return;
        }
        tracing::info!("the limit of open files and sockets was raised to {to}");
    }
    if to < needed {
        tracing::warn!("{}", too_few(to, needed));
    }
}

/// What the soft limit is to be; `None` if it is enough as it is.
fn raised(limit: &Rlimit, needed: u64) -> Option<u64> {
    let current = limit.current.filter(|current| *current < needed)?;
    Some(limit.maximum.map_or(needed, |maximum| needed.min(maximum)).max(current))
}

fn too_few(limit: u64, needed: u64) -> String {
    let fit = limit.saturating_sub(OTHER_DESCRIPTORS as u64);
    format!(
        "this process may open {limit} files and sockets, and its settings allow for {needed}: \
         about {fit} connections of clients and peers fit, and further ones wait; raise the limit \
         (LimitNOFILE={needed} for systemd, `ulimit -n {needed}` in a shell), or lower \
         p2p.max_accepted"
    )
}

#[cfg(test)]
mod tests;
