//! Signs of life of the threads that write.

use super::NodeHandle;

impl NodeHandle {
    /// Returns the names of the threads that write, each with the number of steps that it did,
    /// `None` while it waits for work. A thread whose number stays the same is stuck: long work has
    /// many steps, and a writer without work does one each second. Does not touch the disk.
    pub fn heartbeats(&self) -> [(&'static str, Option<u64>); 2] {
        let shared = &self.shared;
        [("writer", shared.reader.heartbeat().beats()), ("syncer", shared.syncer_heartbeat.beats())]
    }
}
