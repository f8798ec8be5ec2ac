//! A request as its handler gets it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::{Stream, TryStreamExt};
use http::header::HeaderMap;
use percent_encoding::percent_decode_str;

use super::audit::Subject;
use crate::api::auth::users::Role;
use crate::api::context::Context;
use crate::api::http::body::{MAX_SMALL_BYTES, WholeBody, check_json_type};
use crate::api::http::long_requests::LongRequest;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::response_memory::Share;

/// The body of a request, part by part.
pub(super) type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send>>;

/// Who sent a request.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The name, which was verified; empty on a path that is open.
    pub(super) user: String,
    /// `None` on a path that is open.
    pub(super) role: Option<Role>,
    /// Whether the credentials are the default ones, which everybody knows.
    pub(super) is_default: bool,
    pub(super) address: IpAddr,
}

/// A request as its handler gets it.
pub(super) struct Call {
    pub(super) context: Arc<Context>,
    pub(super) caller: Caller,
    /// The caller's share of the memory of responses.
    pub(super) share: Share,
    /// The segments in the places of the path's parameters, as they were sent.
    pub(super) parameters: Vec<String>,
    pub(super) headers: HeaderMap,
    pub(super) query: String,
    pub(super) body: Body,
    /// For the log of changes.
    pub(super) subject: Subject,
}

/// The body that warp hands on.
pub(super) fn body<B: Buf>(
    parts: impl Stream<Item = Result<B, warp::Error>> + Send + 'static,
) -> Body {
    Box::pin(parts.map_ok(|mut part| part.copy_to_bytes(part.remaining())))
}

impl Call {
    /// Returns the parameters of the path; as many as its pattern has.
    pub(super) fn parameters<const N: usize>(&self) -> Result<[&str; N], Problem> {
        let parameters: Vec<_> = self.parameters.iter().map(String::as_str).collect();
        parameters.try_into().map_err(|_| Problem::internal())
    }

    /// Returns the path's one parameter, an address, as it was before it was percent-encoded.
    ///
    /// # Errors
    /// 400 when that is not UTF-8.
    pub(super) fn address(&self) -> Result<String, Problem> {
        let [segment] = self.parameters()?;
        decode(segment)
    }

    /// Takes a place among the long-lived requests.
    ///
    /// # Errors
    /// 503 when all places are taken, 429 when the caller's own are.
    pub(super) fn long_place(&self) -> Result<LongRequest, Problem> {
        Ok(self.context.long_requests.take(&self.caller.user)?)
    }

    /// Reads a JSON body of at most `max` bytes.
    ///
    /// # Errors
    /// 415 when it says that it is not JSON; those of [`BodyReader::read`].
    ///
    /// [`BodyReader::read`]: crate::api::http::body::BodyReader::read
    pub(super) async fn json_body(&mut self, max: usize) -> Result<WholeBody, Problem> {
        check_json_type(&self.headers)?;
        self.body(max).await
    }

    /// Reads a body of at most `max` bytes, whatever its type.
    ///
    /// # Errors
    /// Those of [`BodyReader::read`].
    ///
    /// [`BodyReader::read`]: crate::api::http::body::BodyReader::read
    pub(super) async fn body(&mut self, max: usize) -> Result<WholeBody, Problem> {
        self.context.bodies.read(&self.headers, &mut self.body, max).await
    }

    /// As [`Call::json_body`], of the size that all but blocks have.
    pub(super) async fn small_json_body(&mut self) -> Result<WholeBody, Problem> {
        self.json_body(MAX_SMALL_BYTES).await
    }

    /// Reads a body that says nothing, and drops it.
    pub(super) async fn discard_body(&mut self) -> Result<(), Problem> {
        self.body(MAX_SMALL_BYTES).await.map(drop)
    }
}

fn decode(segment: &str) -> Result<String, Problem> {
    let decoded = percent_decode_str(segment).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| {
        let detail = "the address must be percent-encoded UTF-8";
        Problem::new(Kind::InvalidParameter, detail).at("address")
    })
}

#[cfg(test)]
mod tests;
