//! `GET /`: the chain's name.

use warp::reply::Response;

use super::call::Call;
use crate::api::http::reply;

pub(super) fn name(call: &Call) -> Response {
    reply::text(format!("{} chain", call.context.node.spec().name()))
}
