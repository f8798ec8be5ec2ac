//! What the handlers share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::config::ApiConfig;
use super::events::EventSlots;
use super::header_facts::HeaderFacts;
use super::http::body::BodyReader;
use super::http::connections::ConnectionCounts;
use super::http::long_requests::LongRequests;
use super::http::response_memory::ResponseMemory;
use super::log_level::LogLevel;
use super::metrics::requests::RequestCounts;
use crate::node::NodeHandle;
use crate::tls::Credentials;

/// Chains that are sent at the same time. Each holds at most two batches, within the budget of
/// responses: of one [`View::MAX_VIEW_BYTES`](crate::node::View::MAX_VIEW_BYTES) (1 MiB) of
/// records each, as JSON text of usually 1.3 and never more than 6 times that.
const MAX_STREAMS: usize = 16;

/// Chains that are compressed at the same time; further ones are sent as they are. zstd holds
/// 2.5 MiB, of which 1 MiB is its window.
const MAX_COMPRESSIONS: usize = 2;

/// Exports with own records at the same time. Each may hold the text of a whole pool, 64 MiB, that
/// is mined meanwhile.
const MAX_OWN_EXPORTS: usize = 2;

/// Requests that dial the peers file at the same time, about 2 MiB each.
const MAX_ADD_ALL: usize = 4;

/// Lists of known peers that are put together at the same time, up to 8 MiB each; further ones
/// wait.
const MAX_KNOWN_LISTS: usize = 2;

/// What the handlers share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) node: NodeHandle,
    /// The memory of large responses.
    pub(super) answers: ResponseMemory,
    pub(super) connections: ConnectionCounts,
    /// Whether the run before this one did not stop in order.
    pub(super) unclean_start: bool,
    /// When the node started, since the epoch, for a clock that was right then.
    pub(super) started: Duration,
    /// Requests that wait, follow events or read the whole chain.
    pub(super) long_requests: LongRequests,
    pub(super) requests: Arc<RequestCounts>,
    pub(super) bodies: BodyReader,
    pub(super) log_level: LogLevel,
    /// The certificates of all ports.
    pub(super) certificates: Vec<(&'static str, Credentials)>,
    pub(super) peers_file: PathBuf,
    pub(super) peers_required: bool,
    /// Chains that are being sent.
    pub(super) streams: Arc<Semaphore>,
    /// Exports with own records that are being sent.
    pub(super) own_exports: Arc<Semaphore>,
    /// Chains that are being compressed.
    pub(super) compressions: Arc<Semaphore>,
    /// Streams of events.
    pub(super) event_slots: EventSlots,
    /// Cancelled when streams without an end of their own are to end.
    pub(super) stop: CancellationToken,
    /// Peers files that are being dialled.
    pub(super) peers_turns: Arc<Semaphore>,
    /// Lists of known peers that are being put together.
    pub(super) known_lists: Arc<Semaphore>,
    /// What charts show of headers.
    pub(super) header_facts: HeaderFacts,
}

impl Context {
    pub(super) fn new(
        config: &ApiConfig,
        node: NodeHandle,
        connections: ConnectionCounts,
        requests: Arc<RequestCounts>,
    ) -> Self {
        let long_requests = LongRequests::default();
        let started = Duration::from_millis(node.now().as_millis());
        Self {
            event_slots: EventSlots::new(long_requests.clone()),
            node,
            answers: ResponseMemory::new(),
            connections,
            unclean_start: config.unclean_start,
            started,
            long_requests,
            requests,
            bodies: BodyReader::new(&config.limits),
            log_level: config.log_level.clone(),
            certificates: config.certificates.clone(),
            peers_file: config.peers_file.clone(),
            peers_required: config.peers_required,
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            own_exports: Arc::new(Semaphore::new(MAX_OWN_EXPORTS)),
            compressions: Arc::new(Semaphore::new(MAX_COMPRESSIONS)),
            stop: CancellationToken::new(),
            peers_turns: Arc::new(Semaphore::new(MAX_ADD_ALL)),
            known_lists: Arc::new(Semaphore::new(MAX_KNOWN_LISTS)),
            header_facts: HeaderFacts::default(),
        }
    }
}
