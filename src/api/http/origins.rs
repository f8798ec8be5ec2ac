//! Cross-origin resource sharing: the web origins whose pages may call the API.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};
use http::{Method, request};
use url::Url;
use warp::reply::Response;

use super::reply;
use crate::api::quoted::quoted;

/// Most origins that may be listed.
pub const MAX_CORS_ORIGINS: usize = 64;

/// How long a browser may remember a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Methods of all routes together: a preflight has no credentials, so it must not tell which paths
/// exist.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");

/// Headers of requests that pages may set.
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, if-none-match, last-event-id");

/// Headers of responses that pages may read, beside the few that they always may.
const RESPONSE_HEADERS: HeaderValue =
    HeaderValue::from_static("allow, content-disposition, etag, retry-after");

/// Web origins whose pages may call the API, each as browsers send it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CorsOrigins(Vec<HeaderValue>);

/// Why a text is no origin that can be listed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Not an origin in the form in which browsers send it.
    #[error("{} is not a web origin: {reason}; write for example {}", quoted(.entry), quoted(.example))]
    Form {
        /// The text.
        entry: String,
        /// What is wrong with it.
        reason: &'static str,
        /// What was probably meant.
        example: String,
    },
    /// More than are looked through at each request.
    #[error("there are {found} origins; the limit is {MAX_CORS_ORIGINS}")]
    TooMany {
        /// How many there are.
        found: usize,
    },
}

impl CorsOrigins {
    /// Reads origins: `scheme://host`, with a port unless it is the scheme's own.
    ///
    /// # Errors
    /// For what no browser sends as an `Origin`, for `null` and wildcards, and for more than
    /// [`MAX_CORS_ORIGINS`].
    pub fn parse(entries: &[impl AsRef<str>]) -> Result<Self, OriginError> {
        if entries.len() > MAX_CORS_ORIGINS {
            return Err(OriginError::TooMany { found: entries.len() });
        }
        entries.iter().map(|entry| parse(entry.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the listed origin that a request comes from, `None` if it comes from none or names
    /// several.
    pub(in crate::api) fn of(&self, headers: &HeaderMap) -> Option<&HeaderValue> {
        let mut values = headers.get_all(ORIGIN).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        self.0.iter().find(|listed| *listed == value)
    }

    /// Whether a request asks for a listed origin what its pages may send.
    pub(in crate::api) fn is_preflight(&self, request: &request::Parts) -> bool {
        request.method == Method::OPTIONS
            && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
            && self.of(&request.headers).is_some()
    }

    /// Tells the browser whose page may read a response. Nothing changes without listed origins.
    pub(in crate::api) fn allow(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        // A cache must not give the response of one origin to another.
        headers.append(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
        }
    }
}

/// The response to a preflight, the same on every path.
pub(in crate::api) fn preflight() -> Response {
    let mut response = reply::nothing();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}

fn parse(entry: &str) -> Result<HeaderValue, OriginError> {
    let url = Url::parse(entry).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let origin = url.as_ref().map(|url| url.origin().ascii_serialization());
    let bad = |reason| {
        let example = origin.clone().unwrap_or_else(|| "https://explorer.example".to_owned());
        OriginError::Form { entry: entry.to_owned(), reason, example }
    };
    if entry == "null" {
        return Err(bad("`null` is sent by pages of unknown origin"));
    }
    if entry.contains('*') {
        return Err(bad("wildcards are not supported"));
    }
    match &origin {
        None => Err(bad("it must begin with http:// or https:// and name a host")),
        Some(origin) if origin != entry => {
            Err(bad("browsers send the scheme, host and port alone, in this form"))
        }
        Some(origin) => HeaderValue::from_str(origin)
            .map_err(|_| bad("it must begin with http:// or https:// and name a host")),
    }
}

#[cfg(test)]
mod tests;
