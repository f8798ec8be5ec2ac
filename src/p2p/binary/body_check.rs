//! What the machine asks to be worked out beside everything else.

use std::net::IpAddr;
use std::sync::Arc;

use crate::chain::{BlockId, Height, Spec, ValidBlock, ValidHeader};
use crate::node::{HeldAncestor, panic_message};
use crate::p2p::context::Context;
use crate::p2p::event::Event;
use crate::sync::message::Body;
use crate::sync::{BinaryInput, Held, LinkId};

/// Holds bodies against their headers, as many messages at a time as there are cores. A wrong one
/// bans `to_ban`, though the link is over by then.
pub(in crate::p2p) async fn check(
    context: Arc<Context>,
    to_ban: Option<IpAddr>,
    link: LinkId,
    download: u64,
    first: Height,
    bodies: Vec<(ValidHeader, Body)>,
) {
    let node = context.node.clone();
    let work = move || hold_against(node.spec(), bodies);
    check_by(context, to_ban, link, (download, first), work).await;
}

/// What [`check`] does around the work itself.
async fn check_by(
    context: Arc<Context>,
    to_ban: Option<IpAddr>,
    link: LinkId,
    (download, first): (u64, Height),
    work: impl FnOnce() -> (Vec<ValidBlock>, Option<String>) + Send + 'static,
) {
    let Ok(permit) = Arc::clone(&context.checks).acquire_owned().await else { return };
    let checked = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    let (blocks, fault) = match checked.await {
        Ok(checked) => checked,
        // A defect of this node is nobody's fault.
        Err(error) if error.is_panic() => {
            let what = panic_message(error.into_panic().as_ref()).to_owned();
            tracing::error!(link = link.0, %first,
                "the check of a peer's blocks panicked: {what}; please report this");
            let unchecked = BinaryInput::Unchecked { link, download, first };
            context.tell(Event::Input(unchecked.into())).await;
            return;
        }
        // A runtime that shuts down.
        Err(_) => return,
    };
    let to_ban = to_ban.filter(|_| fault.is_some());
    let checked = BinaryInput::Checked { link, download, first, blocks, fault };
    context.tell(Event::Checked { checked, to_ban }).await;
}

/// The blocks up to the first whose body is wrong, and what is wrong with that.
fn hold_against(
    spec: &Spec,
    bodies: Vec<(ValidHeader, Body)>,
) -> (Vec<ValidBlock>, Option<String>) {
    let mut blocks = Vec::with_capacity(bodies.len());
    for (header, body) in bodies {
        let Some(records) = body.into_records(header.header().record_count) else {
            return (blocks, Some("its body does not hold as many records as it says".to_owned()));
        };
        match header.with_records(spec, records) {
            Ok(block) => blocks.push(block),
            Err(error) => return (blocks, Some(error.to_string())),
        }
    }
    (blocks, None)
}

/// Looks for the last of these blocks that is held.
pub(in crate::p2p) async fn find_held_ancestor(
    context: Arc<Context>,
    link: LinkId,
    query: u64,
    ids: Vec<BlockId>,
) {
    // A node that cannot read is about to end.
    let held = context.node.find_held_ancestor(ids).await.ok().flatten();
    let held = held.map(|HeldAncestor { place, state, fork }| Held {
        place,
        state: Box::new(state),
        fork,
    });
    let base = BinaryInput::HeldAncestor { link, query, held };
    context.tell(Event::Input(base.into())).await;
}

#[cfg(test)]
mod tests;
