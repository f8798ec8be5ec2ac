//! `GET /v1/events`: what happens to the chain and to the peers, as Server-Sent Events.

use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use warp::Reply;
use warp::reply::Response;

use super::call::Call;
use super::query::{Query, invalid};
use crate::api::events::{End, EventStream, Feed, Filter, Position};
use crate::api::http::problem::Problem;
use crate::api::http::reply;

/// What a client asks for.
#[derive(Debug, Eq, PartialEq)]
struct Asked {
    after: Option<Position>,
    filter: Filter,
    end: End,
}

/// Starts a stream, or says with 204 that the caller has too many, or that nothing will happen.
pub(super) async fn follow(call: Call) -> Result<Response, Problem> {
    let Asked { after, filter, end } = Asked::parse(&call.query, &call.headers)?;
    let context = &call.context;
    if context.node.stopped().is_some() && end == End::Never {
        return Ok(reply::nothing());
    }
    let Some(slot) = context.event_slots.take(&call.caller.user, call.caller.address) else {
        return Ok(reply::nothing());
    };
    let feed = Feed::open(&context.node, filter, end, after, context.stop.clone(), slot).await?;
    let mut response = warp::reply::stream(EventStream::new(feed)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would gather what is to arrive at once.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Asked {
    fn parse(query: &str, headers: &HeaderMap) -> Result<Self, Problem> {
        let query = Query::parse(query);
        let (types, record) = (query.get("types")?, query.get("record")?);
        let end = match query.get("until")? {
            None => End::Never,
            Some("tip") => End::Tip,
            Some(_) => return Err(invalid("until", "`until` can only be `tip`")),
        };
        // A browser that connects again repeats the query, and adds where it is.
        let after = match headers.get("last-event-id").filter(|value| !value.is_empty()) {
            Some(value) => Some(position(value.to_str().unwrap_or_default(), "Last-Event-ID")?),
            None => query.get("after")?.map(|text| position(text, "after")).transpose()?,
        };
        Ok(Self { after, filter: Filter::parse(types, record)?, end })
    }
}

fn position(text: &str, field: &'static str) -> Result<Position, Problem> {
    let detail = || format!("`{field}` must be the id of an event, HEIGHT-HASH-N");
    Position::parse(text).ok_or_else(|| invalid(field, detail()))
}

#[cfg(test)]
mod tests;
