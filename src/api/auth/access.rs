//! What is asked of a request before any route sees it, in this order: the host
//! it is meant for, where it comes from, how its body is coded, who sends it, whether the path and the
//! method exist, and whether the sender may.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Method, Request};
use tower::Service;
use warp::Reply;
use warp::reply::Response;

use super::basic::Credentials;
use super::users::Role;
use super::verify::Auth;
use crate::api::http::body::{TrackedBody, check_transfer_coding};
use crate::api::http::host::{Addressed, Hosts};
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::api::http::respond::Client;
use crate::api::http::response_memory::{ResponseMemory, Share};
use crate::api::routes;
use crate::api::routes::Access;

/// The layer between connection and routes.
#[derive(Clone, Debug)]
pub(in crate::api) struct AccessControl<S> {
    rules: Arc<Rules>,
    inner: S,
}

/// What the gate decides by.
#[derive(Debug)]
pub(in crate::api) struct Rules {
    pub(in crate::api) hosts: Hosts,
    pub(in crate::api) auth: Arc<Auth>,
    pub(in crate::api) answers: ResponseMemory,
}

/// What becomes of a request that is not refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Passed {
    ToRoutes,
    /// A health check by `OPTIONS`.
    Answered,
}

impl<S> AccessControl<S> {
    pub(in crate::api) const fn new(rules: Arc<Rules>, inner: S) -> Self {
        Self { rules, inner }
    }
}

impl<S> Service<Request<TrackedBody>> for AccessControl<S>
where
    S: Service<Request<TrackedBody>, Response = Response, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<TrackedBody>) -> Self::Future {
        let rules = Arc::clone(&self.rules);
        let mut inner = self.inner.clone();
        Box::pin(async move {
            match rules.check(&request).await {
                Ok(Passed::ToRoutes) => {
                    let share = rules.share(request.headers());
                    request.extensions_mut().insert(share);
                    inner.call(request).await
                }
                Ok(Passed::Answered) => Ok(reply::no_content(routes::OPEN_METHODS)),
                Err(problem) => Ok(problem.into_response()),
            }
        })
    }
}

impl Rules {
    async fn check<B>(&self, request: &Request<B>) -> Result<Passed, Problem> {
        self.hosts.check(&Addressed {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
        })?;
        check_transfer_coding(request.headers())?;
        let path = request.uri().path();
        let found = routes::find(path);
        let is_open = found.is_some_and(routes::Found::is_open);
        let role = if is_open { None } else { Some(self.user(request).await?) };
        let Some(found) = found else {
            return Err(Problem::new(Kind::NotFound, "see docs/api.md for the routes"));
        };
        if is_open && *request.method() == Method::OPTIONS {
            return Ok(Passed::Answered);
        }
        let Some(route) = found.route(request.method()) else {
            let allow = found.methods();
            let detail = format!("this path supports {allow}");
            return Err(Problem::new(Kind::MethodNotAllowed, detail).allow(allow));
        };
        if route.access == Access::Operators && role != Some(Role::Operator) {
            let detail = "this request requires a user with the role operator";
            return Err(Problem::new(Kind::ForbiddenRole, detail));
        }
        Ok(Passed::ToRoutes)
    }

    /// The caller's share of the memory of answers. Only a name that was verified, or that of
    /// nobody on a path that is open, gets here.
    fn share(&self, headers: &HeaderMap) -> Share {
        let credentials = Credentials::read(headers).ok();
        self.answers.share(credentials.as_ref().map_or("", Credentials::name))
    }

    async fn user<B>(&self, request: &Request<B>) -> Result<Role, Problem> {
        let client = request.extensions().get::<Client>().ok_or_else(Problem::internal)?;
        self.auth.check(request.headers(), client.ip()).await
    }
}
