//! `GET /`: the chain's name.

use warp::reply::Response;

use super::Context;
use crate::api::http::reply;

pub(super) fn name(context: &Context) -> Response {
    reply::text(format!("{} chain", context.node.spec().name()))
}
