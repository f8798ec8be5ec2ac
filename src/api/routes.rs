//! The paths there are, and the handlers behind them.

use std::path::PathBuf;
use std::sync::Arc;

use http::Method;
use http::header::HeaderMap;
use tokio::sync::Semaphore;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::body::BodyReader;
use super::problem::Problem;
use super::{bans, blocks, chains, health, mine, peers, root, status};
use crate::node::NodeHandle;

/// Who may take a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Access {
    /// Anyone, without credentials.
    Everyone,
    /// Any user.
    Users,
    /// Users who may change something.
    Operators,
}

/// A path, the one method it takes (HEAD comes with GET), and for whom.
#[derive(Debug)]
pub(super) struct Route {
    path: &'static str,
    pub(super) method: Method,
    pub(super) access: Access,
}

const fn get(path: &'static str, access: Access) -> Route {
    Route { path, method: Method::GET, access }
}

const fn post(path: &'static str) -> Route {
    Route { path, method: Method::POST, access: Access::Operators }
}

/// Every path. `{}` at the end stands for one segment that is not empty.
static ROUTES: [Route; 12] = [
    post("/mineBlock"),
    get("/", Access::Users),
    get("/chains", Access::Users),
    post("/addToPeer"),
    post("/addPeers"),
    get("/peers", Access::Users),
    get("/livez", Access::Everyone),
    get("/readyz", Access::Everyone),
    get("/v1/status", Access::Users),
    get("/v1/peers", Access::Users),
    get("/v1/bans", Access::Users),
    get("/v1/blocks/{}", Access::Users),
];

/// The route of a path. Paths are compared byte by byte: nothing is decoded,
/// folded or trimmed.
pub(super) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| match route.path.strip_suffix("{}") {
        None => path == route.path,
        Some(start) => {
            path.strip_prefix(start).is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
        }
    })
}

/// What the handlers share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) node: NodeHandle,
    pub(super) bodies: BodyReader,
    pub(super) peers_file: PathBuf,
    pub(super) peers_required: bool,
    /// Chains that are being sent; see [`chains::MAX_STREAMS`].
    pub(super) streams: Arc<Semaphore>,
}

/// The handlers, behind one warp filter.
pub(super) fn filter(context: &Arc<Context>) -> warp::filters::BoxedFilter<(Response,)> {
    let shared = {
        let context = Arc::clone(context);
        warp::any().map(move || Arc::clone(&context))
    };
    let with_body = warp::post()
        .and(shared.clone())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream());

    let mine = warp::path!("mineBlock").and(with_body.clone()).then(
        |context: Arc<Context>, headers: HeaderMap, body| async move {
            answer(mine::mine(&context, &headers, body).await)
        },
    );
    let add_one = warp::path!("addToPeer").and(with_body.clone()).then(
        |context: Arc<Context>, headers: HeaderMap, body| async move {
            answer(peers::add_one(&context, &headers, body).await)
        },
    );
    let add_all = warp::path!("addPeers").and(with_body).then(
        |context: Arc<Context>, headers: HeaderMap, body| async move {
            answer(peers::add_all(&context, &headers, body).await)
        },
    );
    let root = warp::path::end()
        .and(warp::get())
        .and(shared.clone())
        .map(|context: Arc<Context>| root::name(&context));
    let chains = warp::path!("chains")
        .and(warp::get())
        .and(shared.clone())
        .then(|context: Arc<Context>| async move { answer(chains::all(&context).await) });
    let block = warp::path!("v1" / "blocks" / String)
        .and(warp::get())
        .and(shared.clone())
        .and(warp::header::headers_cloned())
        .then(|name: String, context: Arc<Context>, headers: HeaderMap| async move {
            answer(blocks::one(&context, &name, &headers).await)
        });
    let peers = warp::path!("peers")
        .and(warp::get())
        .and(shared.clone())
        .map(|context: Arc<Context>| answer(peers::table(&context)));
    let details = warp::path!("v1" / "peers")
        .and(warp::get())
        .and(shared.clone())
        .map(|context: Arc<Context>| answer(peers::details(&context)));
    let bans = warp::path!("v1" / "bans")
        .and(warp::get())
        .and(shared.clone())
        .map(|context: Arc<Context>| answer(bans::list(&context)));
    let status = warp::path!("v1" / "status")
        .and(warp::get())
        .and(shared.clone())
        .map(|context: Arc<Context>| answer(status::status(&context)));
    let live = warp::path!("livez").and(warp::get()).map(health::live);
    let ready = warp::path!("readyz")
        .and(warp::get())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(shared)
        .map(|query: String, context: Arc<Context>| answer(health::ready(&context, &query)));

    mine.or(block)
        .unify()
        .or(chains)
        .unify()
        .or(root)
        .unify()
        .or(status)
        .unify()
        .or(peers)
        .unify()
        .or(details)
        .unify()
        .or(bans)
        .unify()
        .or(live)
        .unify()
        .or(ready)
        .unify()
        .or(add_one)
        .unify()
        .or(add_all)
        .unify()
        .boxed()
}

fn answer(result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(Reply::into_response)
}

#[cfg(test)]
mod tests;
