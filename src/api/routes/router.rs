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
use tracing::Span;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::audit::{Change, Subject};
use super::call::{self, Call, Caller};
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
use crate::api::metrics::requests::{RequestCounts, UNKNOWN_PATH};

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
    pub(in crate::api) requests: Arc<RequestCounts>,
}

/// What the table says of a request that is not refused.
#[derive(Clone)]
struct Matched {
    handler: Handler,
    parameters: Vec<String>,
    caller: Caller,
    share: Share,
    /// What is to be on record, if the request may change something.
    change: Option<Change>,
}

/// What becomes of a request that is not refused.
enum Passed {
    Matched(Box<Matched>),
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
            let found = rules.table.find(parts.uri.path());
            let path = found.as_ref().map(|found| found.path);
            Span::current().record("route", path.unwrap_or(UNKNOWN_PATH));
            let counting = rules.requests.begin(path, parts.method.clone());
            let response = match rules.check(&parts, found).await {
                Ok(Passed::Matched(matched)) => {
                    parts.extensions.insert(*matched);
                    let Ok(response) = inner.call(Request::from_parts(parts, body)).await;
                    response
                }
                Ok(Passed::Answered) => reply::no_content(OPEN_METHODS),
                Err(problem) => {
                    problem.for_script_if(basic::is_script(&parts.headers)).into_response()
                }
            };
            counting.end(response.status());
            Ok(response)
        })
    }
}

impl Rules {
    async fn check(
        &self,
        request: &http::request::Parts,
        found: Option<Found<'_>>,
    ) -> Result<Passed, Problem> {
        self.hosts.check(&Addressed {
            method: &request.method,
            uri: &request.uri,
            version: request.version,
            headers: &request.headers,
        })?;
        check_transfer_coding(&request.headers)?;
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
        if let Some(lowest) = route.access.lacking(role) {
            let higher = if lowest == Role::Operator { "" } else { " or a higher one" };
            let detail = format!("this request requires a user with the role {lowest}{higher}");
            return Err(Problem::new(Kind::ForbiddenRole, detail));
        }
        // The name was verified, unless the path is open.
        let user = role.map(|_| basic::name(&request.headers)).unwrap_or_default();
        if role.is_some() {
            Span::current().record("user", user.as_str());
        }
        let address = client(request)?.ip();
        Ok(Passed::Matched(Box::new(Matched {
            handler: Arc::clone(&route.handler),
            share: self.answers.share(&user),
            parameters: found.parameters,
            change: Change::of(request, user.clone(), route.access)?,
            caller: Caller { user, role, address },
        })))
    }

    async fn role(&self, request: &http::request::Parts) -> Result<Role, Problem> {
        self.auth.check(&request.headers, client(request)?.ip()).await
    }
}

fn client(request: &http::request::Parts) -> Result<&Client, Problem> {
    request.extensions.get().ok_or_else(Problem::internal)
}

/// Calls the handler that a request matched.
pub(in crate::api) fn filter(context: Arc<Context>) -> warp::filters::BoxedFilter<(Response,)> {
    warp::filters::ext::get::<Matched>()
        .and(warp::header::headers_cloned())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::body::stream())
        .then(move |matched: Matched, headers: HeaderMap, query: String, body| {
            let Matched { handler, parameters, caller, share, change } = matched;
            let context = Arc::clone(&context);
            let subject = Subject::default();
            let audit = change.map(|change| change.begin(subject.clone()));
            let body = call::body(body);
            let call = Call { context, caller, share, parameters, headers, query, body, subject };
            async move {
                let response = handler(call).await.unwrap_or_else(Reply::into_response);
                if let Some(audit) = audit {
                    audit.end(response.status());
                }
                response
            }
        })
        .boxed()
}

#[cfg(test)]
mod tests;
