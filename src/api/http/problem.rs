//! Error answers: RFC 9457 problem details with a stable `type`.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use warp::Reply;

use crate::node::{NodeFailure, StoreError};

/// What went wrong, for a client that decides by it. The variants' URIs never
/// change; `docs/api.md` lists them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum Kind {
    MalformedRequest,
    InvalidBody,
    InvalidParameter,
    InvalidPeer,
    Unauthorized,
    ForbiddenRole,
    ForeignOrigin,
    NotFound,
    BlockNotFound,
    PeerNotFound,
    BanNotFound,
    TooManyBans,
    ForkNotFound,
    MethodNotAllowed,
    RequestTimeout,
    PeerOfOtherChain,
    BodyTooLarge,
    DataTooLarge,
    UnsupportedMediaType,
    MisdirectedRequest,
    TooManyWrongPasswords,
    Internal,
    UnknownTransferCoding,
    Storage,
    PeersFile,
    PeerUnreachable,
    Busy,
    QueueFull,
    MiningDeadline,
    DiskLow,
    Clock,
    NotReady,
    Stopping,
}

impl Kind {
    /// Every kind, for the test that holds the documentation to it.
    #[cfg(test)]
    pub(super) const ALL: [Self; 33] = [
        Self::MalformedRequest,
        Self::InvalidBody,
        Self::InvalidParameter,
        Self::InvalidPeer,
        Self::Unauthorized,
        Self::ForbiddenRole,
        Self::ForeignOrigin,
        Self::NotFound,
        Self::BlockNotFound,
        Self::PeerNotFound,
        Self::BanNotFound,
        Self::TooManyBans,
        Self::ForkNotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::PeerOfOtherChain,
        Self::BodyTooLarge,
        Self::DataTooLarge,
        Self::UnsupportedMediaType,
        Self::MisdirectedRequest,
        Self::TooManyWrongPasswords,
        Self::Internal,
        Self::UnknownTransferCoding,
        Self::Storage,
        Self::PeersFile,
        Self::PeerUnreachable,
        Self::Busy,
        Self::QueueFull,
        Self::MiningDeadline,
        Self::DiskLow,
        Self::Clock,
        Self::NotReady,
        Self::Stopping,
    ];

    /// Its status, the last part of its URI, and its title.
    pub(super) const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedRequest => {
                (S::BAD_REQUEST, "malformed-request", "The request is malformed")
            }
            Self::InvalidBody => {
                (S::BAD_REQUEST, "invalid-body", "The body is not valid for this path")
            }
            Self::InvalidParameter => {
                (S::BAD_REQUEST, "invalid-parameter", "A parameter is invalid")
            }
            Self::InvalidPeer => (S::BAD_REQUEST, "invalid-peer", "The text is not a peer address"),
            Self::Unauthorized => {
                (S::UNAUTHORIZED, "unauthorized", "A valid name and password are required")
            }
            Self::ForbiddenRole => {
                (S::FORBIDDEN, "forbidden-role", "This user may not change anything")
            }
            Self::ForeignOrigin => (
                S::FORBIDDEN,
                "foreign-origin",
                "Requests from other origins may not change anything",
            ),
            Self::NotFound => (S::NOT_FOUND, "not-found", "There is nothing at this path"),
            Self::BlockNotFound => (S::NOT_FOUND, "block-not-found", "There is no such block"),
            Self::PeerNotFound => (S::NOT_FOUND, "peer-not-found", "There is no such peer"),
            Self::TooManyBans => (S::CONFLICT, "too-many-bans", "The list of bans is full"),
            Self::BanNotFound => (S::NOT_FOUND, "ban-not-found", "There is no such ban"),
            Self::ForkNotFound => (S::NOT_FOUND, "fork-not-found", "There is no such branch"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "This path does not support this method",
            ),
            Self::RequestTimeout => {
                (S::REQUEST_TIMEOUT, "request-timeout", "The body arrived too slowly")
            }
            Self::PeerOfOtherChain => {
                (S::CONFLICT, "peer-of-other-chain", "The peer is on another chain")
            }
            Self::BodyTooLarge => {
                (S::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large for this path")
            }
            Self::DataTooLarge => {
                (S::PAYLOAD_TOO_LARGE, "data-too-large", "The records do not fit into a block")
            }
            Self::UnsupportedMediaType => {
                (S::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body must be JSON")
            }
            Self::MisdirectedRequest => (
                S::MISDIRECTED_REQUEST,
                "misdirected-request",
                "This node does not serve that host name",
            ),
            Self::TooManyWrongPasswords => (
                S::TOO_MANY_REQUESTS,
                "too-many-wrong-passwords",
                "Too many wrong passwords came from this address",
            ),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "An internal error occurred"),
            Self::UnknownTransferCoding => (
                S::NOT_IMPLEMENTED,
                "unknown-transfer-coding",
                "The body's transfer coding is not known",
            ),
            Self::Storage => (S::INTERNAL_SERVER_ERROR, "storage", "The node's storage has failed"),
            Self::PeersFile => {
                (S::INTERNAL_SERVER_ERROR, "peers-file", "The peers file cannot be used")
            }
            Self::PeerUnreachable => {
                (S::BAD_GATEWAY, "peer-unreachable", "The peer could not be reached")
            }
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy", "The node is busy"),
            Self::QueueFull => {
                (S::SERVICE_UNAVAILABLE, "queue-full", "Too many requests are waiting to be mined")
            }
            Self::MiningDeadline => {
                (S::SERVICE_UNAVAILABLE, "mining-deadline", "No proof of work was found in time")
            }
            Self::DiskLow => (S::SERVICE_UNAVAILABLE, "disk-low", "Too little disk space is left"),
            Self::Clock => {
                (S::SERVICE_UNAVAILABLE, "clock", "This machine's clock does not fit the chain")
            }
            Self::NotReady => (S::SERVICE_UNAVAILABLE, "not-ready", "The node is not ready"),
            Self::Stopping => (S::SERVICE_UNAVAILABLE, "stopping", "The node is stopping"),
        }
    }
}

/// An error answer on its way out. [`super::respond`] gives it a request id, logs
/// it and writes it.
#[derive(Clone, Debug)]
pub(in crate::api) struct Problem {
    pub(in crate::api) kind: Kind,
    pub(in crate::api) detail: Cow<'static, str>,
    pub(in crate::api) field: Option<Cow<'static, str>>,
    retry_after: Option<u64>,
    allow: Option<Cow<'static, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    request_id: &'a str,
}

impl Problem {
    pub(in crate::api) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), field: None, retry_after: None, allow: None }
    }

    /// Names the part of the request at fault.
    pub(in crate::api) fn at(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// When it is worth trying again; whole seconds, rounded up, at least one.
    pub(in crate::api) fn retry_after(mut self, wait: Duration) -> Self {
        let up = u64::from(wait.subsec_nanos() > 0);
        self.retry_after = Some(wait.as_secs().saturating_add(up).max(1));
        self
    }

    /// What the path takes instead.
    pub(in crate::api) fn allow(mut self, methods: impl Into<Cow<'static, str>>) -> Self {
        self.allow = Some(methods.into());
        self
    }

    /// What an answer without a body says, should one come from below.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(Kind::NotFound, "see docs/api.md for the routes")
            }
            status if status.is_client_error() => {
                Self::new(Kind::MalformedRequest, "see docs/api.md for the routes")
            }
            _ => Self::internal(),
        }
    }

    /// A defect of this node.
    pub(in crate::api) fn internal() -> Self {
        Self::new(
            Kind::Internal,
            "the node's log has details under this requestId; please report this",
        )
    }

    pub(in crate::api) fn status(&self) -> StatusCode {
        self.kind.parts().0
    }

    /// The body.
    pub(super) fn to_json(&self, request_id: &str) -> Bytes {
        let (status, slug, title) = self.kind.parts();
        let document = Document {
            r#type: format!("urn:jenny:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
            request_id,
        };
        // Strings and integers: this cannot fail.
        serde_json::to_vec(&document).unwrap_or_default().into()
    }

    /// Adds the headers that belong to it.
    pub(in crate::api) fn put_headers(&self, headers: &mut HeaderMap) {
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem);
        if self.kind == Kind::Unauthorized {
            let challenge = HeaderValue::from_static("Basic realm=\"jenny\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        let allow = self.allow.as_deref().and_then(|methods| HeaderValue::from_str(methods).ok());
        if let Some(methods) = allow {
            headers.insert(header::ALLOW, methods);
        }
    }
}

/// Carries the problem past warp, whose bodies cannot be taken apart again.
impl Reply for Problem {
    fn into_response(self) -> warp::reply::Response {
        let mut response = Response::new(Bytes::new().into());
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }
}

/// How long a client should wait for a node that is stopping: it may be back.
pub(in crate::api) const RESTART_WAIT: Duration = Duration::from_secs(5);

impl From<NodeFailure> for Problem {
    fn from(failure: NodeFailure) -> Self {
        match failure {
            NodeFailure::Store(error) => match *error {
                StoreError::ViewExpired => {
                    Self::new(Kind::Busy, error.to_string()).retry_after(Duration::from_secs(1))
                }
                StoreError::DiskLow { .. } => {
                    Self::new(Kind::DiskLow, error.to_string()).retry_after(Duration::from_secs(60))
                }
                _ => Self::new(Kind::Storage, error.to_string()),
            },
            NodeFailure::Stopping => {
                Self::new(Kind::Stopping, failure.to_string()).retry_after(RESTART_WAIT)
            }
            failure => Self::new(Kind::Internal, failure.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
