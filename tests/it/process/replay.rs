//! A chain that a client keeps by `/v1/events` alone.

use serde_json::Value;

use super::Running;

/// What the client holds, and where it reads on.
pub(crate) struct Replay {
    /// Hashes of the blocks, genesis first.
    pub(crate) hashes: Vec<String>,
    at: String,
}

impl Replay {
    /// A client that has nothing yet of the chain with this genesis block.
    pub(crate) fn new(genesis: &str) -> Self {
        Self { hashes: Vec::new(), at: format!("0-{genesis}-0") }
    }

    /// Reads on up to the tip, and is cut off after at most so many events. False if the node is
    /// gone.
    pub(crate) fn read(&mut self, node: &Running, most_events: usize) -> bool {
        let types = "block.connected,block.disconnected,record.included";
        let path = format!("/v1/events?until=tip&types={types}&after={}", self.at);
        let Some((code, text)) = node.try_get(&path) else { return false };
        assert_eq!(code, 200, "{text}");
        for event in text.split_inclusive("\n\n").take(most_events) {
            // The last one may be cut off.
            if event.ends_with("\n\n") {
                self.take(event);
            }
        }
        true
    }

    fn take(&mut self, event: &str) {
        let field = |name| event.lines().find_map(|line: &str| line.strip_prefix(name));
        if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
            let data: Value = serde_json::from_str(data).unwrap();
            let hash = data["hash"].as_str().map(str::to_owned);
            match name {
                "block.connected" => {
                    assert_eq!(data["height"], self.hashes.len());
                    self.hashes.extend(hash);
                }
                "block.disconnected" => assert_eq!(self.hashes.pop(), hash),
                _ => assert_eq!(data["blockHash"].as_str(), self.hashes.last().map(String::as_str)),
            }
        }
        if let Some(id) = field("id: ") {
            id.clone_into(&mut self.at);
        }
    }
}
