//! What the driver does for the relay of pending records.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::link_table::Live;
use super::{Driver, log_failure};
use crate::node::{Dialect, PendingIds, PoolPlace};
use crate::p2p::config::RelayPolicy;
use crate::p2p::context::Context;
use crate::p2p::event::Event;
use crate::p2p::socket::transport::Transport;
use crate::sync::{BinaryInput, LinkId, RecordPlace, RelayInput, RelayOutput};

/// How often peers are told of new records at most, so that many go together.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// Changes of the pool, and the links that records are relayed on.
#[derive(Debug)]
pub(super) struct PoolWatch {
    /// `None` if records are not relayed.
    changes: Option<watch::Receiver<u64>>,
    next: Instant,
    allowed: BTreeSet<LinkId>,
}

impl PoolWatch {
    pub(super) fn new(context: &Context) -> Self {
        let config = &context.config;
        let is_on = config.binary && config.relay != RelayPolicy::Off;
        Self {
            changes: is_on.then(|| context.node.watch_pool()),
            next: Instant::now(),
            allowed: BTreeSet::new(),
        }
    }

    /// Waits until records entered the pool or left it, and peers may be told. Dropping the future
    /// loses nothing.
    pub(super) async fn changed(&mut self) {
        let Some(changes) = self.changes.as_mut().filter(|_| !self.allowed.is_empty()) else {
            return std::future::pending().await;
        };
        if self.next > Instant::now() {
            sleep_until(self.next).await;
        }
        if changes.changed().await.is_err() {
            // The node is gone.
            std::future::pending::<()>().await;
        }
    }

    /// A link is over.
    pub(super) fn closed(&mut self, link: LinkId) {
        self.allowed.remove(&link);
    }
}

impl<T: Transport> Driver<T> {
    pub(super) fn pool_changed(&mut self) {
        self.pool.next = Instant::now() + TELL_EVERY;
        self.tell(BinaryInput::Relay(RelayInput::PoolChanged));
    }

    /// Links may have come about, or been named by the operator, that records are relayed on.
    pub(super) fn allow_relays(&mut self) {
        let policy = self.context.config.relay;
        let is_allowed = |link: LinkId, live: &Live| match policy {
            RelayPolicy::Named => live.tls || self.dials.leads_to_named(link),
            RelayPolicy::All => true,
            RelayPolicy::Off => false,
        };
        let links = self.table.links.iter().filter(|(link, live)| {
            live.dialect == Dialect::Binary
                && !self.pool.allowed.contains(link)
                && is_allowed(**link, live)
        });
        let links: Vec<_> = links.map(|(link, _)| *link).collect();
        for link in links {
            self.pool.allowed.insert(link);
            self.tell(BinaryInput::Relay(RelayInput::Allowed { link }));
        }
    }

    /// Does something with pending records for a link.
    pub(super) fn relay(&mut self, link: LinkId, what: RelayOutput) {
        match what {
            RelayOutput::ReadPool { after, own_only, max } => {
                let after = after.map(|RecordPlace { batch, index }| PoolPlace { batch, index });
                let node = &self.context.node;
                let PendingIds { ids, next, is_end } = node.pending_ids(after, own_only, max);
                let next = next.map(|PoolPlace { batch, index }| RecordPlace { batch, index });
                self.tell(BinaryInput::Relay(RelayInput::PoolRead { link, ids, next, is_end }));
            }
            RelayOutput::FindUnknown { ids } => {
                let context = Arc::clone(&self.context);
                self.tasks.spawn(async move {
                    let found = context.node.unknown_records(ids).await;
                    let ids = found.unwrap_or_else(|error| {
                        log_failure("cannot look for records that a peer announced", &error);
                        Vec::new()
                    });
                    tell(&context, RelayInput::Unknown { link, ids }).await;
                });
            }
            RelayOutput::Take { records } => {
                let context = Arc::clone(&self.context);
                self.tasks.spawn(async move {
                    if let Err(error) = context.node.take_relayed(records).await {
                        log_failure("cannot take records that a peer sent", &error);
                    }
                    tell(&context, RelayInput::Taken { link }).await;
                });
            }
        }
    }
}

async fn tell(context: &Context, input: RelayInput) {
    context.tell(Event::Input(BinaryInput::Relay(input).into())).await;
}
