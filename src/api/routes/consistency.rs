//! `GET /v1/consistency?from=&to=`: that a later history of the main chain begins with an earlier
//! one.

use http::header::{CACHE_CONTROL, HeaderValue};
use warp::reply::Response;

use super::call::Call;
use super::query::{Query, invalid, plain_number};
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::chain::Height;

/// The proof between the histories of two heights, and the header that the later one is in.
pub(super) async fn between(call: Call) -> Result<Response, Problem> {
    let query = Query::parse(&call.query);
    let (from, to) = (height(&query, "from")?, height(&query, "to")?);
    if from > to {
        let detail = format!("`from` is {from}, above `to`, which is {to}");
        return Err(Problem::new(Kind::InvalidParameter, detail).at("from"));
    }
    let node = &call.context.node;
    let view = node.view();
    let tip = view.tip().height();
    let proof = node.read(move || view.consistency(from, to)).await?.ok_or_else(|| {
        let detail = format!("`to` is {to}, but the chain ends at height {tip}");
        Problem::new(Kind::InvalidParameter, detail).at("to")
    })?;
    let mut response = reply::json_text(proof.to_json(node.spec()));
    // A reorg may change it.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// A height that the query must give.
fn height(query: &Query, name: &'static str) -> Result<Height, Problem> {
    query.get(name)?.and_then(plain_number).map(Height::new).ok_or_else(|| {
        invalid(name, format!("`{name}` must be given once, a height in decimal digits"))
    })
}
