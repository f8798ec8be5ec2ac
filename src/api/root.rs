//! `GET /`: the chain's name.

use warp::reply::Response;

use super::reply;
use super::routes::Context;

pub(super) fn name(context: &Context) -> Response {
    reply::text(format!("{} chain", context.node.spec().name()))
}
