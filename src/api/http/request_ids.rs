//! Ids of requests: a response, its problem and its log lines carry the same one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{HeaderMap, HeaderName};

/// The header that carries an id, both ways.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that a proxy may give, in bytes. A UUID has 36.
const MAX_REQUEST_ID_BYTES: usize = 64;

/// Makes the ids of one run of the node; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct RequestIds(Arc<Counter>);

#[derive(Debug)]
struct Counter {
    run: u32,
    next: AtomicU64,
}

impl RequestIds {
    /// `run` tells one run of the node from another.
    pub(super) fn new(run: u32) -> Self {
        Self(Arc::new(Counter { run, next: AtomicU64::new(1) }))
    }

    /// Returns the id of a request: the one in its headers, if they come from a trusted proxy and
    /// the id is valid, else a new one.
    pub(super) fn of(&self, headers: &HeaderMap, is_from_proxy: bool) -> String {
        let given = is_from_proxy.then(|| given(headers)).flatten();
        given.map_or_else(|| self.next(), str::to_owned)
    }

    fn next(&self) -> String {
        format!("{:08x}-{}", self.0.run, self.0.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// The one id in the headers, `None` if there are several or it is not valid.
fn given(headers: &HeaderMap) -> Option<&str> {
    let mut ids = headers.get_all(REQUEST_ID).iter();
    let (id, None) = (ids.next()?.to_str().ok()?, ids.next()) else { return None };
    is_valid(id).then_some(id)
}

/// Whether a log line or a header can carry an id as it is.
fn is_valid(id: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_REQUEST_ID_BYTES).contains(&id.len()) && id.bytes().all(is_safe)
}

#[cfg(test)]
mod tests;
