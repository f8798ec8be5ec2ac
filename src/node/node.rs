//! The running threads, and the order in which they end.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::command::{Command, MAX_COMMANDS};
use super::index::{Index, builder};
use super::pipeline::Pipeline;
use super::records::pool::Pool;
use super::records::record_pool::load;
use super::shared::Shared;
use super::syncer::SyncerThread;
use super::writer::WriterThread;
use super::{Links, NodeConfig, NodeFailure, NodeHandle, StoreError, background_check, miner};
use crate::store::{self, Opened, PendingBatch, panic_message};

/// The running threads. Dropping it without [`Node::stop`] tells them to end and
/// waits for nothing.
#[derive(Debug)]
pub struct Node {
    shared: Arc<Shared>,
    miner: Option<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    syncer: Option<JoinHandle<()>>,
    check: Option<JoinHandle<()>>,
    index: Option<JoinHandle<()>>,
    /// What is not indexed yet.
    tail: Arc<Index>,
}

impl Node {
    /// Starts the threads. Should the system refuse one, the node has failed from
    /// the start, and [`NodeHandle::failed`] says so.
    pub fn start(opened: Opened, config: NodeConfig, links: Links) -> Self {
        let Opened { writer: mut store, syncer, reader, spec, pending, reorgs, repairs: _ } =
            opened;
        let (commands, received) = sync_channel(MAX_COMMANDS);
        let mines = config.stopped.is_none();
        let mut pool = Pool::default().with_relayed_delay(config.relayed_delay(&spec));
        let loaded = load_pool(&mut pool, &mut store, pending, (config.steady)());
        let shared = Arc::new(Shared::new(spec, config, reader, links, commands, pool, reorgs));
        if let Err(error) = loaded {
            shared.end(&error.into());
        }
        // What is wrong with the clock at the start is logged.
        let _ = shared.look_at_clock();
        let tip = store.applied().clone();
        let tail = Arc::new(Index::default());
        let builder_tail = Arc::clone(&tail);
        let pipeline = Arc::new(Pipeline::default());
        let syncer = SyncerThread::new(Arc::clone(&shared), syncer, Arc::clone(&pipeline));
        let writer =
            WriterThread::new(Arc::clone(&shared), store, received, pipeline, Arc::clone(&tail));
        Self {
            syncer: spawn(&shared, "syncer", move |_| syncer.run()),
            writer: spawn(&shared, "writer", move |_| writer.run()),
            miner: mines
                .then(|| spawn(&shared, "miner", move |shared| miner::run(shared, tip)))
                .flatten(),
            check: spawn(&shared, "check", background_check::run),
            index: spawn(&shared, "index", move |shared| builder::run(shared, &builder_tail)),
            tail,
            shared,
        }
    }

    /// A handle.
    pub fn handle(&self) -> NodeHandle {
        NodeHandle::new(Arc::clone(&self.shared), Arc::clone(&self.tail))
    }

    /// Stops: no new work is taken, what was handed to the writer is made durable
    /// and answered, threads are joined. Blocks, at most about 5 s.
    ///
    /// # Errors
    /// Why the node had failed, or failed while stopping.
    pub fn stop(mut self) -> Result<(), NodeFailure> {
        // The miner hands over before it ends, and so does the writer.
        self.shared.end(&NodeFailure::Stopping);
        join(&self.shared, "miner", self.miner.take());
        // A writer that failed is gone already.
        let _ = self.shared.commands.send(Command::Stop);
        join(&self.shared, "writer", self.writer.take());
        join(&self.shared, "syncer", self.syncer.take());
        join(&self.shared, "check", self.check.take());
        self.wake_index();
        join(&self.shared, "index", self.index.take());
        match self.shared.failure() {
            None | Some(NodeFailure::Stopping) => Ok(()),
            Some(why) => Err(why),
        }
    }

    /// Has the builder of the index see at once that the node is over.
    fn wake_index(&self) {
        if let Some(index) = &self.index {
            index.thread().unpark();
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
        self.wake_index();
    }
}

/// Puts what the disk holds into the pool; batches of which nothing waits are removed.
fn load_pool(
    pool: &mut Pool,
    store: &mut store::Writer,
    pending: Vec<PendingBatch>,
    now: Duration,
) -> Result<(), StoreError> {
    let finished = load(pool, pending, &mut |id| store.is_own(id), now)?;
    finished.into_iter().try_for_each(|sequence| store.remove_pending(sequence))
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
