//! What the machine wants done, and what it wants the operator to know.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::Driver;
use crate::node::DialError;
use crate::p2p::binary::body_check;
use crate::p2p::socket::transport::Transport;
use crate::p2p::ticket::{Close, is_fault};
use crate::sync::{JsonOutgoing, LinkId, Note, Outgoing, Output, Redial};

impl<T: Transport> Driver<T> {
    /// Does what is wanted, and what comes to be wanted by that.
    pub(super) fn perform(&mut self) {
        while !self.outputs.is_empty() {
            for output in std::mem::take(&mut self.outputs) {
                self.perform_one(output);
            }
        }
    }

    fn perform_one(&mut self, output: Output) {
        match output {
            Output::Send { link, what } => self.send(link, what),
            Output::StopRange { link } => {
                if let Some(live) = self.table.links.get(&link) {
                    live.stop_range.store(true, Ordering::Relaxed);
                }
            }
            Output::Close { link, code, reason, redial } => {
                if is_fault(code) && redial != Redial::OtherChain {
                    self.context.node.metrics().peers.faults.increment();
                }
                if let Some(live) = self.table.links.get_mut(&link) {
                    live.redial_late = redial != Redial::Normal;
                    if redial == Redial::OtherChain {
                        live.fault = Some(DialError::OtherChain);
                        tracing::warn!(link = link.0, address = %live.address,
                            "the peer is on another chain: its genesis block differs");
                    }
                    live.close(Close { code, reason });
                }
            }
            Output::Log { link, note } => self.log(link, &note),
            Output::FindHeldAncestor { link, query, ids } => {
                let context = Arc::clone(&self.context);
                self.tasks.spawn(body_check::find_held_ancestor(context, link, query, ids));
            }
            Output::Check { link, download, first, bodies } => {
                let (context, to_ban) = (Arc::clone(&self.context), self.to_ban(link));
                self.tasks.spawn(body_check::check(context, to_ban, link, download, first, bodies));
            }
            Output::Import { download, blocks } => {
                self.imports.push(self.context.node.clone(), download, blocks);
            }
            Output::DeepFork { link, fork } => self.note_deep_fork(link, &fork),
            Output::Learn { link, addresses } => self.learn(link, &addresses),
            Output::Ban { link, reason } => self.ban(link, reason),
            Output::Duplicate { link, of } => self.close_duplicate(link, of),
            Output::Twin { link, of } => {
                self.dials.is_twin(link, of, Instant::now());
                self.allow_relays();
            }
            Output::Relay { link, what } => self.relay(link, what),
            Output::HandshakeDone { link, agent, listen, height } => {
                self.handshake_done(link, &agent, listen.as_deref(), height);
            }
        }
    }

    pub(super) fn send(&mut self, link: LinkId, what: Outgoing) {
        let Some(live) = self.table.links.get_mut(&link) else { return };
        if matches!(what, Outgoing::Json(JsonOutgoing::Range { .. })) {
            live.stop_range.store(false, Ordering::Relaxed);
        }
        // A full queue means that the peer takes less than it asks for.
        if live.waiting.try_send(what).is_err() {
            live.close(Close { code: 1008, reason: "too much waits to be taken" });
        }
    }

    fn log(&self, link: LinkId, note: &Note) {
        let address = self.table.links.get(&link).map(|live| live.address.to_string());
        let address = address.unwrap_or_default();
        match note {
            Note::Invalid { id, reason } => {
                tracing::warn!(link = link.0, %address, height = %id.height, hash = %id.hash,
                    "the peer sent a block that breaks a rule: {reason}");
            }
            Note::NotHigher { id } => {
                tracing::info!(link = link.0, %address, height = %id.height,
                    "the peer's chain has less work than ours and is not lower: it will not follow until ours is higher");
            }
            Note::ChainAboveCap { bytes, cap } => {
                tracing::warn!(link = link.0, %address,
                    "the peer needs our whole chain, about {bytes} bytes, and p2p.max_message is {cap}");
            }
            Note::Clock { millis } => {
                tracing::warn!(link = link.0, %address,
                    "the peer's clock and ours are {millis} ms apart: check this machine's clock if this concerns several peers");
            }
            Note::Started { from } => {
                tracing::info!(link = link.0, %address, height = %from.height, hash = %from.hash,
                    "fetching blocks: resuming above the stored blocks");
            }
            Note::Stalled { height } => {
                tracing::warn!(link = link.0, %address, %height,
                    "fetching blocks: nothing arrived for 30 s; waiting for this block");
            }
            Note::Withheld { height } => {
                tracing::warn!(link = link.0, %address, %height,
                    "a branch is abandoned: no peer sends this block of it");
            }
        }
    }
}
