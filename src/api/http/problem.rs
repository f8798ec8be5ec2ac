//! Error answers: RFC 9457 problem details with a stable `type`.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use warp::Reply;

use crate::node::{FindError, NodeFailure, StoreError};

/// Defines the kinds by a table: the status, the last part of the URI, and the title of each.
macro_rules! kinds {
    ($($kind:ident: $status:ident, $slug:literal, $title:literal;)+) => {
        /// What went wrong, for a client that decides by it. The variants' URIs never
        /// change; `docs/api.md` lists them.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(in crate::api) enum Kind {
            $($kind,)+
        }

        impl Kind {
            /// Every kind.
            pub(super) const ALL: &[Self] = &[$(Self::$kind,)+];

            /// Its status, the last part of its URI, and its title.
            pub(super) const fn parts(self) -> (StatusCode, &'static str, &'static str) {
                match self {
                    $(Self::$kind => (StatusCode::$status, $slug, $title),)+
                }
            }

            pub(in crate::api) const fn status(self) -> StatusCode {
                self.parts().0
            }

            /// Returns the last part of its URI.
            pub(in crate::api) const fn slug(self) -> &'static str {
                self.parts().1
            }

            pub(in crate::api) const fn title(self) -> &'static str {
                self.parts().2
            }

            /// Returns its URI, by which clients decide.
            pub(in crate::api) fn uri(self) -> String {
                format!("urn:jenny:problem:{}", self.slug())
            }
        }
    };
}

kinds! {
    MalformedRequest: BAD_REQUEST, "malformed-request", "The request is malformed";
    InvalidBody: BAD_REQUEST, "invalid-body", "The body is not valid for this path";
    InvalidParameter: BAD_REQUEST, "invalid-parameter", "A parameter is invalid";
    InvalidPeer: BAD_REQUEST, "invalid-peer", "The text is not a peer address";
    Unauthorized: UNAUTHORIZED, "unauthorized", "A valid name and password are required";
    ForbiddenRole: FORBIDDEN, "forbidden-role", "This user's role does not allow this request";
    ForeignOrigin: FORBIDDEN, "foreign-origin",
        "Requests from other origins may not change anything";
    ReadOnly: FORBIDDEN, "read-only", "This is a read-only view of a stopped node";
    NotFound: NOT_FOUND, "not-found", "There is nothing at this path";
    BlockNotFound: NOT_FOUND, "block-not-found", "There is no such block";
    CursorOffChain: CONFLICT, "cursor-off-chain", "The cursor's block is not on the main chain";
    PeerNotFound: NOT_FOUND, "peer-not-found", "There is no such peer";
    BanNotFound: NOT_FOUND, "ban-not-found", "There is no such ban";
    TooManyBans: CONFLICT, "too-many-bans", "The list of bans is full";
    ForkNotFound: NOT_FOUND, "fork-not-found", "There is no such branch";
    ReorgNotFound: NOT_FOUND, "reorg-not-found", "There is no such reorg";
    RecordNotFound: NOT_FOUND, "record-not-found", "There is no such record";
    RecordIncluded: CONFLICT, "record-included", "The record is in a block already";
    RecordPending: CONFLICT, "record-pending", "The record is in no block yet";
    TipOffChain: CONFLICT, "tip-off-chain", "The tip is not on the main chain";
    NotFinal: CONFLICT, "not-final", "The record is not final yet";
    MethodNotAllowed: METHOD_NOT_ALLOWED, "method-not-allowed",
        "This path does not support this method";
    RequestTimeout: REQUEST_TIMEOUT, "request-timeout", "The body arrived too slowly";
    PeerOfOtherChain: CONFLICT, "peer-of-other-chain", "The peer is on another chain";
    PositionGone: GONE, "position-gone", "The position is no longer stored";
    BodyTooLarge: PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large for this path";
    DataTooLarge: PAYLOAD_TOO_LARGE, "data-too-large", "The records do not fit into a block";
    TooManyRecords: PAYLOAD_TOO_LARGE, "too-many-records", "The request has too many records";
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body must be JSON";
    MisdirectedRequest: MISDIRECTED_REQUEST, "misdirected-request",
        "This node does not serve that host name";
    TooManyWrongPasswords: TOO_MANY_REQUESTS, "too-many-wrong-passwords",
        "Too many wrong passwords came from this address";
    PoolFull: TOO_MANY_REQUESTS, "pool-full", "The pool of pending records is full";
    TooManyLongRequests: TOO_MANY_REQUESTS, "too-many-long-requests",
        "This user has too many long-lived requests";
    Internal: INTERNAL_SERVER_ERROR, "internal", "An internal error occurred";
    UnknownTransferCoding: NOT_IMPLEMENTED, "unknown-transfer-coding",
        "The body's transfer coding is not known";
    Storage: INTERNAL_SERVER_ERROR, "storage", "The node's storage has failed";
    PeersFile: INTERNAL_SERVER_ERROR, "peers-file", "The peers file cannot be used";
    PeerUnreachable: BAD_GATEWAY, "peer-unreachable", "The peer could not be reached";
    Busy: SERVICE_UNAVAILABLE, "busy", "The node is busy";
    QueueFull: SERVICE_UNAVAILABLE, "queue-full", "Too many requests are waiting to be mined";
    MiningDeadline: SERVICE_UNAVAILABLE, "mining-deadline", "No proof of work was found in time";
    DiskLow: SERVICE_UNAVAILABLE, "disk-low", "Too little disk space is left";
    Clock: SERVICE_UNAVAILABLE, "clock", "This machine's clock does not fit the chain";
    Indexing: SERVICE_UNAVAILABLE, "indexing", "Too many blocks are not indexed yet to say";
    NotReady: SERVICE_UNAVAILABLE, "not-ready", "The node is not ready";
    Stopping: SERVICE_UNAVAILABLE, "stopping", "The node is stopping";
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
    /// Whether a script of a web page gets it.
    for_script: bool,
}

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct Document<'a> {
    /// What happened, for programs: it never changes.
    r#type: String,
    /// What happened, for people.
    title: &'static str,
    status: u16,
    /// What to do about it.
    detail: &'a str,
    /// The part of the request at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<&'a str>,
    /// Names the line in the node's log.
    request_id: &'a str,
}

impl Problem {
    pub(in crate::api) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            field: None,
            retry_after: None,
            allow: None,
            for_script: false,
        }
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

    /// A script of a web page gets it, if `is_script`: its 401 asks for no Basic credentials, since
    /// a browser would open a dialog for them in the middle of whatever its user does.
    pub(in crate::api) const fn for_script_if(mut self, is_script: bool) -> Self {
        self.for_script = is_script;
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
        self.kind.status()
    }

    /// The body.
    pub(super) fn to_json(&self, request_id: &str) -> Bytes {
        let document = Document {
            r#type: self.kind.uri(),
            title: self.kind.title(),
            status: self.status().as_u16(),
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
            let challenge = if self.for_script { SCRIPT_CHALLENGE } else { BASIC_CHALLENGE };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
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

/// Asks for credentials.
const BASIC_CHALLENGE: &str = "Basic realm=\"jenny\", charset=\"UTF-8\"";

/// A 401 has a challenge (RFC 9110 section 15.5.2): one of a scheme that no browser knows.
const SCRIPT_CHALLENGE: &str = "x-session realm=\"jenny\"";

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

/// How long a client should wait for the index.
const INDEX_WAIT: Duration = Duration::from_secs(5);

impl From<FindError> for Problem {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Indexing { .. } => {
                Self::new(Kind::Indexing, error.to_string()).retry_after(INDEX_WAIT)
            }
            FindError::Unavailable(failure) => failure.into(),
        }
    }
}

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
