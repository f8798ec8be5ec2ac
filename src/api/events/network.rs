//! Events of the peer network, which have no position.

use std::net::SocketAddr;

use serde::Serialize;
use tokio::sync::watch;

use super::filter::{Event, Filter};
use super::format::Text;
use crate::chain::{Height, Timestamp};
use crate::node::{Direction, LinkInfo, Links, SyncProgress, SyncState};

/// What a stream has seen of the peer network. What came and went between two looks is left out.
#[derive(Debug)]
pub(super) struct Network {
    filter: Filter,
    table: Option<watch::Receiver<Vec<LinkInfo>>>,
    links: Vec<Link>,
    progress: Option<watch::Receiver<SyncProgress>>,
    shown: Progress,
}

/// A link, as far as it never changes.
#[derive(Debug, Eq, PartialEq, Serialize)]
struct Link {
    address: String,
    direction: &'static str,
    since: Timestamp,
}

/// How far fetching is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
struct Progress {
    state: &'static str,
    at: Height,
    target: Height,
    remaining: u64,
}

impl Network {
    /// Begins with the links and the progress as they are now.
    pub(super) fn new(links: &Links, filter: &Filter) -> Self {
        let has_peers = filter.has(Event::PeerConnected) || filter.has(Event::PeerDisconnected);
        let mut table = links.watch_table().filter(|_| has_peers);
        let mut progress = links.watch_progress().filter(|_| filter.has(Event::SyncProgress));
        Self {
            filter: filter.clone(),
            links: table.as_mut().map(links_of).unwrap_or_default(),
            table,
            shown: Progress::of(&progress.as_mut().map(progress_of).unwrap_or_default()),
            progress,
        }
    }

    /// Waits for the next events. Dropping the future loses none.
    pub(super) async fn next(&mut self) -> Text {
        let mut text = Text::default();
        while text.is_empty() {
            tokio::select! {
                () = changed(&mut self.table) => self.write_peers(&mut text),
                () = changed(&mut self.progress) => self.write_progress(&mut text),
            }
        }
        text
    }

    fn write_peers(&mut self, text: &mut Text) {
        let Some(table) = &mut self.table else { return };
        let now = links_of(table);
        let before = std::mem::replace(&mut self.links, now);
        for link in before.iter().filter(|link| !self.links.contains(link)) {
            self.write_peer(text, Event::PeerDisconnected, link);
        }
        for link in self.links.iter().filter(|link| !before.contains(link)) {
            self.write_peer(text, Event::PeerConnected, link);
        }
    }

    fn write_peer(&self, text: &mut Text, event: Event, link: &Link) {
        if self.filter.has(event) {
            text.json(None, event, link);
        }
    }

    fn write_progress(&mut self, text: &mut Text) {
        let Some(progress) = &mut self.progress else { return };
        let now = Progress::of(&progress_of(progress));
        if now != self.shown {
            self.shown = now;
            text.json(None, Event::SyncProgress, &now);
        }
    }
}

/// Waits for a change; for ever without a sender.
async fn changed<T>(receiver: &mut Option<watch::Receiver<T>>) {
    if let Some(open) = receiver
        && open.changed().await.is_ok()
    {
        return;
    }
    *receiver = None;
    std::future::pending::<()>().await;
}

fn links_of(table: &mut watch::Receiver<Vec<LinkInfo>>) -> Vec<Link> {
    let link = |link: &LinkInfo| Link {
        address: show(link.address),
        direction: direction_name(link.direction),
        since: link.since,
    };
    table.borrow_and_update().iter().map(link).collect()
}

fn progress_of(progress: &mut watch::Receiver<SyncProgress>) -> SyncProgress {
    progress.borrow_and_update().clone()
}

/// What the API calls a direction.
pub(in crate::api) const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Dialled => "dialled",
        Direction::Accepted => "accepted",
    }
}

/// IPv4 as such, also when it came mapped into IPv6.
pub(in crate::api) fn show(address: SocketAddr) -> String {
    SocketAddr::new(address.ip().to_canonical(), address.port()).to_string()
}

impl Progress {
    fn of(progress: &SyncProgress) -> Self {
        let state = match progress.state {
            SyncState::Headers => "headers",
            SyncState::Blocks => "blocks",
            _ => "idle",
        };
        let &SyncProgress { at, target, remaining, .. } = progress;
        Self { state, at, target, remaining }
    }
}

#[cfg(test)]
mod tests;
