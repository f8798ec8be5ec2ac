//! What is asked of a request before a handler sees it, in this order: the host it is meant for,
//! where it comes from, how its body is coded, who sends it, whether the path and the method
//! exist, and whether the sender may.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use http::header::HeaderMap;
use http::{Method, Request};
use tower::Service;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::call::{self, Call};
use super::table::{Found, Handler, OPEN_METHODS, Table};
use crate::api::auth::basic;
use crate::api::auth::users::Role;
use crate::api::auth::verify::Auth;
use crate::api::context::Context;
use crate::api::http::body::check_transfer_coding;
use crate::api::http::host::{Addressed, Hosts};
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::api::http::respond::Client;
use crate::api::http::response_memory::{ResponseMemory, Share};

/// Refuses requests, and hands the others to `inner` with what they matched.
#[derive(Clone, Debug)]
pub(in crate::api) struct Router<S> {
    rules: Arc<Rules>,
    inner: S,
}

/// What requests are refused by.
#[derive(Debug)]
pub(in crate::api) struct Rules {
    pub(in crate::api) hosts: Hosts,
    pub(in crate::api) auth: Arc<Auth>,
    pub(in crate::api) answers: ResponseMemory,
    pub(in crate::api) table: Table,
}

/// What the table says of a request that is not refused.
#[derive(Clone)]
struct Matched {
    handler: Handler,
    parameters: Vec<String>,
    share: Share,
}

/// What becomes of a request that is not refused.
enum Passed {
    Matched(Matched),
    /// A health check by `OPTIONS`.
    Answered,
}

impl<S> Router<S> {
    pub(in crate::api) const fn new(rules: Arc<Rules>, inner: S) -> Self {
        Self { rules, inner }
    }
}

impl<S, B> Service<Request<B>> for Router<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let rules = Arc::clone(&self.rules);
        let mut inner = self.inner.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match rules.check(&parts).await {
                Ok(Passed::Matched(matched)) => {
                    parts.extensions.insert(matched);
                    inner.call(Request::from_parts(parts, body)).await
                }
                Ok(Passed::Answered) => Ok(reply::no_content(OPEN_METHODS)),
                Err(problem) => Ok(problem.into_response()),
            }
        })
    }
}

impl Rules {
    async fn check(&self, request: &http::request::Parts) -> Result<Passed, Problem> {
        self.hosts.check(&Addressed {
            method: &request.method,
            uri: &request.uri,
            version: request.version,
            headers: &request.headers,
        })?;
        check_transfer_coding(&request.headers)?;
        let found = self.table.find(request.uri.path());
        let is_open = found.as_ref().is_some_and(Found::is_open);
        let role = if is_open { None } else { Some(self.role(request).await?) };
        let Some(found) = found else {
            return Err(Problem::new(Kind::NotFound, "see docs/api.md for the routes"));
        };
        if is_open && request.method == Method::OPTIONS {
            return Ok(Passed::Answered);
        }
        let Some(route) = found.route(&request.method) else {
            let allow = found.methods();
            let detail = format!("this path supports {allow}");
            return Err(Problem::new(Kind::MethodNotAllowed, detail).allow(allow));
        };
        if !route.access.admits(role) {
            let detail = "this request requires a user with the role operator";
            return Err(Problem::new(Kind::ForbiddenRole, detail));
        }
        // The name was verified, unless the path is open.
        let name = role.map(|_| basic::name(&request.headers)).unwrap_or_default();
        Ok(Passed::Matched(Matched {
            handler: Arc::clone(&route.handler),
            share: self.answers.share(&name),
            parameters: found.parameters,
        }))
    }

    async fn role(&self, request: &http::request::Parts) -> Result<Role, Problem> {
        let client = request.extensions.get::<Client>().ok_or_else(Problem::internal)?;
        self.auth.check(&request.headers, client.ip()).await
    }
}

/// Calls the handler that a request matched.
pub(in crate::api) fn filter(context: Arc<Context>) -> warp::filters::BoxedFilter<(Response,)> {
    warp::filters::ext::get::<Matched>()
        .and(warp::header::headers_cloned())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::body::stream())
        .then(move |matched: Matched, headers: HeaderMap, query: String, body| {
            let Matched { handler, parameters, share } = matched;
            let context = Arc::clone(&context);
            let call = Call { context, share, parameters, headers, query, body: call::body(body) };
            async move { handler(call).await.unwrap_or_else(Reply::into_response) }
        })
        .boxed()
}

#[cfg(test)]
mod tests;
