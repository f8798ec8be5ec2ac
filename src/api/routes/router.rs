//! What is asked of a request before a handler sees it, in this order: the host it is meant for,
//! where it comes from, how its body is coded, who sends it, whether the path and the method
//! exist, and whether the sender may.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use http::header::HeaderMap;
use http::{Method, Request};
use tokio_util::sync::CancellationToken;
use tower::Service;
use tracing::Span;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::audit::{Change, Subject};
use super::call::{self, Call, Caller};
use super::table::{Found, Handler, OPEN_METHODS, Table};
use crate::api::auth::basic;
use crate::api::auth::session::Session;
use crate::api::auth::users::Role;
use crate::api::auth::verify::Auth;
use crate::api::context::Context;
use crate::api::http::body::check_transfer_coding;
use crate::api::http::host::{Addressed, Hosts, Site};
use crate::api::http::origins;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::api::http::respond::{Client, CutWhen};
use crate::api::http::response_memory::{ResponseMemory, Share};
use crate::api::metrics::requests::{RequestCounts, UNKNOWN_PATH};
use crate::node::StoppedNode;

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
    /// Whether the node is a view of a stopped one, in which nothing changes.
    pub(in crate::api) is_read_only: bool,
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
    /// With what is cancelled once the caller may no longer call; `None` on a path that is open.
    Matched(Box<Matched>, Option<CancellationToken>),
    /// A health check by `OPTIONS`.
    Answered,
    /// A browser's question before a request of a listed origin.
    Preflight,
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
            let origins = rules.hosts.origins();
            let origin = origins.of(&parts.headers);
            let is_script = basic::is_from_script(&parts.headers);
            let answered = match rules.check(&parts, found).await {
                Ok(Passed::Matched(matched, ended)) => {
                    // What a request changes is completed.
                    let ends_early = ended.clone().filter(|_| parts.method == Method::GET);
                    parts.extensions.insert(*matched);
                    let answering = inner.call(Request::from_parts(parts, body));
                    unless(ends_early, answering).await.map(|mut response| {
                        if let Some(ended) = ended {
                            response.extensions_mut().insert(CutWhen(ended));
                        }
                        response
                    })
                }
                Ok(Passed::Answered) => Ok(reply::no_content(OPEN_METHODS)),
                Ok(Passed::Preflight) => Ok(origins::preflight()),
                Err(problem) => Err(problem),
            };
            let refuse = |problem: Problem| problem.for_script_if(is_script).into_response();
            let mut response = answered.unwrap_or_else(refuse);
            origins.allow(origin, response.headers_mut());
            counting.end(response.status());
            Ok(response)
        })
    }
}

/// Waits for a response, unless the caller's session ends before it.
async fn unless(
    ended: Option<CancellationToken>,
    answering: impl Future<Output = Result<Response, Infallible>>,
) -> Result<Response, Problem> {
    let ended = async {
        match ended {
            Some(ended) => ended.cancelled_owned().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        response = answering => {
            let Ok(response) = response;
            Ok(response)
        }
        () = ended => {
            let detail = "the user was removed, or its password or role changed, while the request waited";
            Err(Problem::new(Kind::Unauthorized, detail))
        }
    }
}

impl Rules {
    async fn check(
        &self,
        request: &http::request::Parts,
        found: Option<Found<'_>>,
    ) -> Result<Passed, Problem> {
        let site = self.hosts.check(&Addressed {
            method: &request.method,
            uri: &request.uri,
            version: request.version,
            headers: &request.headers,
        })?;
        if self.hosts.origins().is_preflight(request) {
            return Ok(Passed::Preflight);
        }
        check_transfer_coding(&request.headers)?;
        let is_open = found.as_ref().is_some_and(Found::is_open);
        let session = if is_open { None } else { Some(self.session(request, site).await?) };
        let role = session.as_ref().map(|session| session.role);
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
        if self.is_read_only && !request.method.is_safe() {
            return Err(Problem::new(Kind::ReadOnly, StoppedNode::REFUSAL));
        }
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
        let is_default = session.as_ref().is_some_and(|session| session.is_default);
        let matched = Matched {
            handler: Arc::clone(&route.handler),
            share: self.answers.share(&user),
            parameters: found.parameters,
            change: Change::of(request, user.clone(), route.access)?,
            caller: Caller { user, role, is_default, address },
        };
        Ok(Passed::Matched(Box::new(matched), session.map(|session| session.ended)))
    }

    async fn session(
        &self,
        request: &http::request::Parts,
        site: Site,
    ) -> Result<Session, Problem> {
        let session = self.auth.check(&request.headers, client(request)?.ip()).await?;
        if session.is_default && site == Site::Foreign {
            // Everybody knows them, so any page that somebody here visits could send them.
            let detail = "the default user and password are not valid for a web page of another origin; add a user with `jenny user add NAME`";
            return Err(Problem::new(Kind::Unauthorized, detail));
        }
        Ok(session)
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
