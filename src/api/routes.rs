//! The paths there are, and the handlers behind them.

mod bans;
mod blocks;
mod chains;
mod forks;
mod health;
mod known;
mod mine;
mod peers;
mod root;
mod status;

use std::sync::Arc;

use http::Method;
use http::header::HeaderMap;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::context::Context;
use super::http::problem::Problem;
use super::http::response_memory::Share;

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

const fn delete(path: &'static str) -> Route {
    Route { path, method: Method::DELETE, access: Access::Operators }
}

/// What a path takes that is open to everyone.
pub(super) const OPEN_METHODS: &str = "GET, HEAD, OPTIONS";

/// Every path and method. `{}` stands for one segment that is not empty; a path that is written
/// out comes before one with `{}` that would match it too.
static ROUTES: [Route; 19] = [
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
    post("/v1/peers"),
    get("/v1/peers/known", Access::Users),
    delete("/v1/peers/{}"),
    get("/v1/bans", Access::Users),
    post("/v1/bans"),
    delete("/v1/bans/{}"),
    get("/v1/blocks/{}", Access::Users),
    get("/v1/blocks/{}/{}", Access::Users),
    post("/v1/forks/{}/accept"),
];

/// The routes of one path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found(&'static str);

/// The routes of a path. Paths are compared byte by byte: nothing is decoded, folded or trimmed.
pub(super) fn find(path: &str) -> Option<Found> {
    let matches = |route: &&Route| {
        let mut given = path.split('/');
        let mut known = route.path.split('/');
        loop {
            match (known.next(), given.next()) {
                (None, None) => return true,
                (Some("{}"), Some(given)) if !given.is_empty() => {}
                (Some(known), Some(given)) if known == given => {}
                _ => return false,
            }
        }
    };
    ROUTES.iter().find(matches).map(|route| Found(route.path))
}

impl Found {
    fn routes(self) -> impl Iterator<Item = &'static Route> {
        ROUTES.iter().filter(move |route| route.path == self.0)
    }

    /// The route of a method.
    pub(super) fn route(self, method: &Method) -> Option<&'static Route> {
        self.routes().find(|route| route.method == *method)
    }

    /// Whether the path takes no credentials.
    pub(super) fn is_open(self) -> bool {
        self.routes().all(|route| route.access == Access::Everyone)
    }

    /// The methods, as `Allow` has them.
    pub(super) fn methods(self) -> String {
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
    let accept_fork = warp::path!("v1" / "forks" / String / "accept").and(with_body).then(
        |hash: String, context: Arc<Context>, _: Share, headers: HeaderMap, body| async move {
            answer(forks::accept(&context, &hash, &headers, body).await)
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
    let block_of_any_branch = warp::path!("v1" / "blocks" / String / String)
        .and(with_share.clone())
        .then(|height: String, hash: String, context: Arc<Context>, share: Share| async move {
            answer(blocks::of_any_branch(&context, &share, &height, &hash).await)
        });
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
        status.boxed(),
        accept_fork.boxed(),
        root.boxed(),
        chains.boxed(),
        block.boxed(),
        block_of_any_branch.boxed(),
        mine.boxed(),
    ];
    let start = ready.boxed();
    let routes = peering(context).into_iter().chain(routes);
    routes.fold(start, |others, route| route.or(others).unify().boxed())
}

/// The handlers of peers and bans.
fn peering(context: &Arc<Context>) -> [warp::filters::BoxedFilter<(Response,)>; 10] {
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

    let add_one = warp::path!("addToPeer").and(with_body.clone()).then(
        |context: Arc<Context>, _: Share, headers: HeaderMap, body| async move {
            answer(peers::add_one(&context, &headers, body).await)
        },
    );
    let add_peer = warp::path!("v1" / "peers").and(with_body.clone()).then(
        |context: Arc<Context>, _: Share, headers: HeaderMap, body| async move {
            answer(known::add(&context, &headers, body).await)
        },
    );
    let add_ban = warp::path!("v1" / "bans").and(with_body.clone()).then(
        |context: Arc<Context>, _: Share, headers: HeaderMap, body| async move {
            answer(bans::add(&context, &headers, body).await)
        },
    );
    let remove_peer = warp::path!("v1" / "peers" / String)
        .and(warp::delete())
        .and(shared.clone())
        .then(|address: String, context: Arc<Context>| async move {
            answer(known::remove(&context, &address).await)
        });
    let remove_ban = warp::path!("v1" / "bans" / String)
        .and(warp::delete())
        .and(shared.clone())
        .then(|address: String, context: Arc<Context>| async move {
            answer(bans::remove(&context, &address).await)
        });
    let known =
        warp::path!("v1" / "peers" / "known").and(with_share.clone()).then(
            |context: Arc<Context>, share: Share| async move {
                answer(known::list(&context, &share).await)
            },
        );
    let add_all = warp::path!("addPeers").and(with_body).then(
        |context: Arc<Context>, share: Share, headers: HeaderMap, body| async move {
            answer(peers::add_all(&context, &share, &headers, body).await)
        },
    );
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

    [
        bans.boxed(),
        details.boxed(),
        peers.boxed(),
        remove_ban.boxed(),
        add_ban.boxed(),
        remove_peer.boxed(),
        known.boxed(),
        add_peer.boxed(),
        add_all.boxed(),
        add_one.boxed(),
    ]
}

fn answer(result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(Reply::into_response)
}

#[cfg(test)]
mod tests;
