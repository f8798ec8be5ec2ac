//! A panic in a handler costs its request an answer of 500, and nothing else.

use std::any::Any;

use bytes::Bytes;
use http::Response;
use http_body_util::Empty;
use tower_http::catch_panic::ResponseForPanic;

use super::problem::Problem;

/// Answers for the handler that panicked.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnPanic;

impl ResponseForPanic for OnPanic {
    type ResponseBody = Empty<Bytes>;

    fn response_for_panic(&mut self, panic: Box<dyn Any + Send>) -> Response<Empty<Bytes>> {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        tracing::error!(panic = text, "a handler panicked");
        let problem = Problem::internal();
        let mut response = Response::new(Empty::new());
        *response.status_mut() = problem.status();
        response.extensions_mut().insert(problem);
        response
    }
}

#[cfg(test)]
mod tests;
