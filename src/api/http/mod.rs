//! HTTP itself: connections, bodies, problems and the forms of responses.

mod admission;
pub(super) mod body;
pub(super) mod coding;
pub(super) mod connections;
pub(super) mod etag;
pub(super) mod host;
mod in_flight;
pub(super) mod json_body;
pub(super) mod limits;
pub(super) mod long_requests;
pub(super) mod origins;
mod panics;
pub(super) mod problem;
pub(super) mod problem_counts;
pub(super) mod proxies;
pub(super) mod reply;
mod request_ids;
pub(super) mod respond;
pub(super) mod response_memory;
pub(super) mod source;
mod stream;
