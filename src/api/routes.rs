//! The paths there are, and the handlers behind them.

use std::path::PathBuf;
use std::sync::Arc;

use http::Method;
use http::header::HeaderMap;
use tokio::sync::Semaphore;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::answers::{Answers, Share};
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
    /// The memory of large answers.
    pub(super) answers: Answers,
    pub(super) bodies: BodyReader,
    pub(super) peers_file: PathBuf,
    pub(super) peers_required: bool,
    /// Chains that are being sent; see [`chains::MAX_STREAMS`].
    pub(super) streams: Arc<Semaphore>,
    /// Peers' files that are being dialled; see [`peers::MAX_ADD_ALL`].
    pub(super) peers_turns: Arc<Semaphore>,
}

/// The handlers, behind one warp filter.
pub(super) fn filter(context: &Arc<Context>) -> warp::filters::BoxedFilter<(Response,)> {
    let shared = {
        let context = Arc::clone(context);
        warp::any().map(move || Arc::clone(&context))
    };
    let share = warp::filters::ext::get::<Share>();
    let with_share = warp::get().and(shared.clone()).and(share);
    let with_body = warp::post()
        .and(shared.clone())
        .and(share)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream());

    let mine = warp::path!("mineBlock").and(with_body.clone()).then(
        |context: Arc<Context>, share: Share, headers: HeaderMap, body| async move {
            answer(mine::mine(&context, &share, &headers, body).await)
        },
    );
    let add_one = warp::path!("addToPeer").and(with_body.clone()).then(
        |context: Arc<Context>, _: Share, headers: HeaderMap, body| async move {
            answer(peers::add_one(&context, &headers, body).await)
        },
    );
    let add_all = warp::path!("addPeers").and(with_body).then(
        |context: Arc<Context>, share: Share, headers: HeaderMap, body| async move {
            answer(peers::add_all(&context, &share, &headers, body).await)
        },
    );
    let root = warp::path::end()
        .and(warp::get())
        .and(shared.clone())
        .map(|context: Arc<Context>| root::name(&context));
    let chains =
        warp::path!("chains").and(with_share.clone()).then(
            |context: Arc<Context>, share: Share| async move {
                answer(chains::all(&context, &share).await)
            },
        );
    let block = warp::path!("v1" / "blocks" / String)
        .and(with_share.clone())
        .and(warp::header::headers_cloned())
        .then(|name: String, context: Arc<Context>, share: Share, headers: HeaderMap| async move {
            answer(blocks::one(&context, &share, &name, &headers).await)
        });
    let peers = warp::path!("peers").and(with_share.clone()).then(
        |context: Arc<Context>, share: Share| async move {
            answer(share.json(|| peers::table(&context)).await)
        },
    );
    let details = warp::path!("v1" / "peers").and(with_share.clone()).then(
        |context: Arc<Context>, share: Share| async move {
            answer(share.json(|| peers::details(&context)).await)
        },
    );
    let bans = warp::path!("v1" / "bans").and(with_share.clone()).then(
        |context: Arc<Context>, share: Share| async move {
            answer(share.json(|| bans::list(&context)).await)
        },
    );
    let status = warp::path!("v1" / "status").and(with_share).then(
        |context: Arc<Context>, share: Share| async move {
            answer(share.json(|| status::status(&context)).await)
        },
    );
    let live = warp::path!("livez").and(warp::get()).map(health::live);
    let ready = warp::path!("readyz")
        .and(warp::get())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(shared)
        .map(|query: String, context: Arc<Context>| answer(health::ready(&context, &query)));

    // Boxed one by one: the compiler's time for one type of them all doubles with each route.
    // The last one is looked at first.
    let routes = [
        live.boxed(),
        bans.boxed(),
        details.boxed(),
        peers.boxed(),
        status.boxed(),
        add_all.boxed(),
        add_one.boxed(),
        root.boxed(),
        chains.boxed(),
        block.boxed(),
        mine.boxed(),
    ];
    let start = ready.boxed();
    routes.into_iter().fold(start, |others, route| route.or(others).unify().boxed())
}

fn answer(result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(Reply::into_response)
}

#[cfg(test)]
mod tests;
