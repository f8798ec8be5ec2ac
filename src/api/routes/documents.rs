//! `GET /openapi.json` and `GET /docs/`: this API, for programs and for people.

use std::sync::LazyLock;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use warp::reply::Response;

use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::api::openapi::{self, Page};

/// Both depend on the program alone: they are written once, and every response shares them.
static DOCUMENTS: LazyLock<Documents> = LazyLock::new(Documents::write);

struct Documents {
    document: Bytes,
    page: Bytes,
    policy: String,
}

impl Documents {
    fn write() -> Self {
        let routes = super::table().documented();
        let document = openapi::document(&routes).to_string();
        let Page { html, policy } = Page::new(&routes, &openapi::schemas(&routes));
        Self { document: document.into(), page: html.into(), policy }
    }
}

/// The OpenAPI document.
pub(super) fn document() -> Response {
    cached(reply::json_text(DOCUMENTS.document.clone()))
}

/// The page.
pub(super) fn page() -> Result<Response, Problem> {
    let mut response = cached(reply::html(DOCUMENTS.page.clone()));
    let policy = HeaderValue::from_str(&DOCUMENTS.policy).map_err(|_| Problem::internal())?;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// Another version of the program has other documents.
fn cached(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
