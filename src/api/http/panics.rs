//! A panic in a handler costs its request an answer of 500, and nothing else.

use std::any::Any;

use bytes::Bytes;
use http::Response;
use http_body_util::Empty;
use tower_http::catch_panic::ResponseForPanic;

use super::problem::Problem;
use crate::node::panic_message;

/// Responds for the handler that panicked.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnPanic;

impl ResponseForPanic for OnPanic {
    type ResponseBody = Empty<Bytes>;

    fn response_for_panic(&mut self, panic: Box<dyn Any + Send>) -> Response<Empty<Bytes>> {
        tracing::error!(panic = panic_message(panic.as_ref()), "a handler panicked");
        let problem = Problem::internal();
        let mut response = Response::new(Empty::new());
        *response.status_mut() = problem.status();
        response.extensions_mut().insert(problem);
        response
    }
}

#[cfg(test)]
mod tests;
