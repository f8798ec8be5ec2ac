//! The forms of a good answer.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use warp::reply::Response;

use super::problem::Problem;
use crate::api::metrics::exposition;

/// JSON text that is written already.
pub(in crate::api) fn json_text(text: impl Into<Bytes>) -> Response {
    typed(text.into(), "application/json")
}

/// A value's JSON text.
///
/// # Errors
/// None for the values here, which hold no maps with odd keys.
pub(in crate::api) fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|_| Problem::internal())
}

/// A small value as JSON.
///
/// # Errors
/// As [`write()`].
pub(in crate::api) fn json<T: Serialize>(value: &T) -> Result<Response, Problem> {
    write(value).map(json_text)
}

/// As [`json_text`], of what was taken and is not done.
pub(in crate::api) fn accepted(text: impl Into<Bytes>) -> Response {
    let mut response = json_text(text);
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// Plain text.
pub(in crate::api) fn text(text: impl Into<Bytes>) -> Response {
    typed(text.into(), "text/plain; charset=utf-8")
}

/// A page for people.
pub(in crate::api) fn html(text: impl Into<Bytes>) -> Response {
    typed(text.into(), "text/html; charset=utf-8")
}

/// Metrics, in the text format that Prometheus reads.
pub(in crate::api) fn exposition(text: Bytes) -> Response {
    typed(text, exposition::MEDIA_TYPE)
}

/// Success without more to say.
pub(in crate::api) fn nothing() -> Response {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The client holds the response already.
pub(in crate::api) fn not_modified() -> Response {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// Nothing but the methods that the path takes.
pub(in crate::api) fn no_content(allow: &'static str) -> Response {
    let mut response = nothing();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

fn typed(body: Bytes, media_type: &'static str) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
