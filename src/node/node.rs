//! The running threads, and the order in which they end.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle};

use super::command::{Command, MAX_COMMANDS};
use super::mining::miner;
use super::shared::Shared;
use super::writer::WriterThread;
use super::{Links, NodeConfig, NodeFailure, NodeHandle, StoreError, background_check};
use crate::store::{Opened, panic_message};

/// The running threads. Dropping it without [`Node::stop`] tells them to end and
/// waits for nothing.
#[derive(Debug)]
pub struct Node {
    shared: Arc<Shared>,
    miner: Option<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    check: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts the threads. Should the system refuse one, the node has failed from
    /// the start, and [`NodeHandle::failed`] says so.
    pub fn start(opened: Opened, config: NodeConfig, links: Links) -> Self {
        let Opened { writer: store, reader, spec } = opened;
        let (commands, received) = sync_channel(MAX_COMMANDS);
        let shared = Arc::new(Shared::new(spec, config, reader, links, commands));
        // What is wrong with the clock at the start is logged.
        let _ = shared.look_at_clock();
        let tip = store.applied().clone();
        let writer = WriterThread::new(Arc::clone(&shared), store, received);
        Self {
            writer: spawn(&shared, "writer", move |_| writer.run()),
            miner: spawn(&shared, "miner", move |shared| miner::run(shared, tip)),
            check: spawn(&shared, "check", background_check::run),
            shared,
        }
    }

    /// A handle.
    pub fn handle(&self) -> NodeHandle {
        NodeHandle::new(Arc::clone(&self.shared))
    }

    /// Stops: no new work is taken, what was handed to the writer is made durable
    /// and answered, threads are joined. Blocks, at most about 5 s.
    ///
    /// # Errors
    /// Why the node had failed, or failed while stopping.
    pub fn stop(mut self) -> Result<(), NodeFailure> {
        // The miner hands over before it ends, so the writer ends last.
        self.shared.end(&NodeFailure::Stopping);
        join(&self.shared, "miner", self.miner.take());
        // A writer that failed is gone already.
        let _ = self.shared.commands.send(Command::Stop);
        join(&self.shared, "writer", self.writer.take());
        join(&self.shared, "check", self.check.take());
        match self.shared.failure() {
            None | Some(NodeFailure::Stopping) => Ok(()),
            Some(why) => Err(why),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shared.end(&NodeFailure::Stopping);
        if self.writer.is_some() {
            // When the queue is full, the writer sees that the node is over once it is empty.
            let _ = self.shared.commands.try_send(Command::Stop);
        }
    }
}

fn spawn<F>(shared: &Arc<Shared>, name: &'static str, body: F) -> Option<JoinHandle<()>>
where
    F: FnOnce(&Arc<Shared>) + Send + 'static,
{
    let own = Arc::clone(shared);
    let started = Builder::new().name(name.to_owned()).spawn(move || {
        let body = std::panic::AssertUnwindSafe(|| body(&own));
        if let Err(panic) = std::panic::catch_unwind(body) {
            let what = panic_message(panic.as_ref()).to_owned();
            own.end(&NodeFailure::Panicked { thread: name, what });
        }
    });
    started
        .map_err(|source| {
            let action = format!("start the {name} thread");
            shared.end(&StoreError::Io { action, source }.into());
        })
        .ok()
}

fn join(shared: &Shared, name: &'static str, thread: Option<JoinHandle<()>>) {
    if let Some(Err(panic)) = thread.map(JoinHandle::join) {
        let what = panic_message(panic.as_ref()).to_owned();
        shared.end(&NodeFailure::Panicked { thread: name, what });
    }
}

#[cfg(test)]
mod tests;
