//! Limits and timeouts of connections, requests and responses.

use std::time::Duration;

/// Limits that an operator may need to change, and tests do.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at the same time; further ones wait in the listen queue. Each
    /// costs up to about 150 KiB (two 64 KiB buffers and the request). Default 512.
    pub connections: usize,
    /// Connections of one address at the same time (IPv6: of one /64); further ones
    /// are closed at once. Connections from this machine are not counted. Default 64.
    pub connections_per_address: usize,
    /// From a request's first byte, or from the connection's start, to the end of
    /// its headers. Default 10 s.
    pub header_timeout: Duration,
    /// How long a connection may stay open between requests, counted from the next look at it:
    /// up to `header_timeout` later. Default 75 s.
    pub idle_timeout: Duration,
    /// How long a body may make no progress. Default 30 s.
    pub body_stall: Duration,
    /// From a request's headers to the end of its body. Default 120 s.
    pub body_timeout: Duration,
    /// How long a client may accept nothing of a response. Default 30 s.
    pub write_stall: Duration,
    /// How long a stop waits for responses on their way. Default 2 s.
    pub grace: Duration,
}

impl Limits {
    /// Sockets that the API has open at most.
    pub const fn sockets(&self) -> usize {
        // One is being refused, and one listens.
        self.connections.saturating_add(2)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            connections_per_address: 64,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_stall: Duration::from_secs(30),
            body_timeout: Duration::from_secs(120),
            write_stall: Duration::from_secs(30),
            grace: Duration::from_secs(2),
        }
    }
}
