//! The HTTP client, and how long it waits.

use std::time::Duration;

use ureq::tls::TlsConfig;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the head of an answer may take: a node may wait 60 seconds for a record
/// (`MAX_WAIT_SECONDS` of the API) before it responds, and the network needs a margin.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// How long one read of an answer may take. [`super::Paced`] bounds the sum.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long it is waited for what.
pub(super) struct Waits {
    pub(super) connect: Duration,
    pub(super) head: Duration,
    pub(super) read: Duration,
}

impl Waits {
    pub(super) const USUAL: Self =
        Self { connect: CONNECT_TIMEOUT, head: HEAD_TIMEOUT, read: READ_TIMEOUT };
}

/// Makes a client that goes to the address that it is given, and nowhere else.
pub(super) fn new(tls: TlsConfig, waits: &Waits) -> ureq::Agent {
    ureq::Agent::config_builder()
        // A refusal's body says why, so it is no error yet.
        .http_status_as_error(false)
        // Credentials go to the node that was named and nowhere else.
        .max_redirects(0)
        .proxy(None)
        .timeout_connect(Some(waits.connect))
        .timeout_recv_response(Some(waits.head))
        .timeout_per_read(Some(waits.read))
        .user_agent(concat!("jenny/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build()
        .new_agent()
}
