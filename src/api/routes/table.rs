//! The table of routes: paths and methods, for whom, and what handles them.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use warp::reply::Response;

use super::call::Call;
use crate::api::auth::access::Access;
use crate::api::http::problem::Problem;
use crate::api::openapi::{Description, Documented};

/// What handles the requests of a route.
pub(super) type Handler =
    Arc<dyn Fn(Call) -> BoxFuture<'static, Result<Response, Problem>> + Send + Sync>;

/// The methods of a path that is open to everyone.
pub(super) const OPEN_METHODS: &str = "GET, HEAD, OPTIONS";

/// What the documentation says of a route; made when it is asked for.
type Describe = fn() -> Description;

/// A path, the one method it takes (HEAD comes with GET), for whom, the handler, and what the
/// documentation says of it.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) method: Method,
    pub(super) access: Access,
    pub(super) handler: Handler,
    describe: Describe,
    /// As `describe`, of `OPTIONS`.
    describe_options: Option<Describe>,
}

/// Every route.
#[derive(Debug)]
pub(in crate::api) struct Table(Vec<Route>);

/// The routes of one path, and the text of its parameters, as it was sent.
#[derive(Debug)]
pub(super) struct Found<'a> {
    table: &'a Table,
    pub(super) path: &'static str,
    pub(super) parameters: Vec<String>,
}

/// A route that reads.
pub(super) fn get<F>(
    path: &'static str,
    access: Access,
    handler: impl Fn(Call) -> F + Send + Sync + 'static,
    describe: Describe,
) -> Route
where
    F: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    Route::new(Method::GET, path, access, handler, describe)
}

/// A route that adds.
pub(super) fn post<F>(
    path: &'static str,
    access: Access,
    handler: impl Fn(Call) -> F + Send + Sync + 'static,
    describe: Describe,
) -> Route
where
    F: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    Route::new(Method::POST, path, access, handler, describe)
}

/// A route that replaces.
pub(super) fn put<F>(
    path: &'static str,
    access: Access,
    handler: impl Fn(Call) -> F + Send + Sync + 'static,
    describe: Describe,
) -> Route
where
    F: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    Route::new(Method::PUT, path, access, handler, describe)
}

/// A route that removes.
pub(super) fn delete<F>(
    path: &'static str,
    access: Access,
    handler: impl Fn(Call) -> F + Send + Sync + 'static,
    describe: Describe,
) -> Route
where
    F: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    Route::new(Method::DELETE, path, access, handler, describe)
}

impl Route {
    fn new<F>(
        method: Method,
        path: &'static str,
        access: Access,
        handler: impl Fn(Call) -> F + Send + Sync + 'static,
        describe: Describe,
    ) -> Self
    where
        F: Future<Output = Result<Response, Problem>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |call| Box::pin(handler(call)));
        Self { path, method, access, handler, describe, describe_options: None }
    }

    /// The path takes `OPTIONS` as well, as paths do that are open to everyone.
    pub(super) const fn with_options(mut self, describe: Describe) -> Self {
        self.describe_options = Some(describe);
        self
    }

    fn documented(&self) -> impl Iterator<Item = Documented> {
        let own = (self.method.clone(), self.describe);
        let options = self.describe_options.map(|describe| (Method::OPTIONS, describe));
        [own].into_iter().chain(options).map(|(method, describe)| Documented {
            method,
            path: self.path,
            access: self.access,
            description: describe(),
        })
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({:?})", self.method, self.path, self.access)
    }
}

impl Table {
    pub(super) const fn new(routes: Vec<Route>) -> Self {
        Self(routes)
    }

    /// Returns the pattern of every route, which several may share, and its method.
    pub(in crate::api) fn paths(&self) -> impl Iterator<Item = (&'static str, Method)> + '_ {
        self.0.iter().map(|route| (route.path, route.method.clone()))
    }

    /// Returns every route with its description.
    pub(super) fn documented(&self) -> Vec<Documented> {
        self.0.iter().flat_map(Route::documented).collect()
    }

    #[cfg(test)]
    pub(super) fn routes(&self) -> &[Route] {
        &self.0
    }

    /// Returns the routes of a path. Paths are compared byte by byte: nothing is decoded, folded
    /// or trimmed.
    pub(super) fn find(&self, path: &str) -> Option<Found<'_>> {
        self.0.iter().find_map(|route| {
            let parameters = parameters(route.path, path)?;
            Some(Found { table: self, path: route.path, parameters })
        })
    }
}

/// The segments of `path` in the places of the parameters; `None` when it does not match.
fn parameters(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut parameters = Vec::new();
    let mut segments = path.split('/');
    for known in pattern.split('/') {
        let segment = segments.next()?;
        if known.starts_with('{') && !segment.is_empty() {
            parameters.push(segment.to_owned());
        } else if known != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(parameters)
}

impl<'a> Found<'a> {
    fn routes(&self) -> impl Iterator<Item = &'a Route> {
        let path = self.path;
        self.table.0.iter().filter(move |route| route.path == path)
    }

    /// Returns the route of a method.
    pub(super) fn route(&self, method: &Method) -> Option<&'a Route> {
        self.routes().find(|route| route.method == *method)
    }

    /// Whether the path takes no credentials.
    pub(super) fn is_open(&self) -> bool {
        self.routes().all(|route| route.access == Access::Everyone)
    }

    /// Returns the methods, as `Allow` has them.
    pub(super) fn methods(&self) -> String {
        if self.is_open() {
            return OPEN_METHODS.to_owned();
        }
        let name = |route: &Route| match route.method {
            Method::GET => "GET, HEAD".to_owned(),
            ref method => method.to_string(),
        };
        self.routes().map(name).collect::<Vec<_>>().join(", ")
    }
}
