//! The log's limiter as a layer of `tracing`: every line passes it, wherever it is written.

use std::fmt::{self, Write as _};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::limiter::{LeftOut, Line, LogLimiter, Rate, Rates};
use crate::node::AUDIT;

/// Lines of one kind that one source may have at once, and the pause before each further one.
const SOURCE_RATE: Rate = Rate { burst: 10, every: Duration::from_secs(10) };

/// Lines of one kind, whatever their sources.
const KIND_RATE: Rate = Rate { burst: 300, every: Duration::from_secs(1) };

/// The same for DEBUG and TRACE, where all lines of a source are wanted.
const DEBUG_RATE: Rate = Rate { burst: 1_000, every: Duration::from_millis(10) };

/// What lines at INFO and above count against.
pub(super) const USUAL: Rates = Rates { source: Some(SOURCE_RATE), kind: KIND_RATE };

/// Fields that name the source of a line, by its address.
const SOURCE_FIELDS: [&str; 2] = ["client", "address"];

/// Admits lines at bounded rates. Clones share what they counted.
#[derive(Clone, Debug)]
pub(super) struct Limited {
    limiter: Arc<Mutex<LogLimiter<Identifier>>>,
    state: RandomState,
}

impl Limited {
    pub(super) fn new() -> Self {
        Self { limiter: Arc::new(Mutex::new(LogLimiter::new())), state: RandomState::new() }
    }

    /// What was left out since the last call.
    pub(super) fn left_out(&self) -> Vec<LeftOut<Identifier>> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner).left_out()
    }

    fn admit(&self, event: &Event<'_>, now: Instant) -> bool {
        let metadata = event.metadata();
        let mut seen = Seen::new(self.state.build_hasher());
        event.record(&mut seen);
        let line = seen.line(&self.state);
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        limiter.admit(metadata.callsite(), rates(metadata), &line, now)
    }
}

impl<S: Subscriber> Layer<S> for Limited {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        event.metadata().target() == AUDIT || self.admit(event, Instant::now())
    }
}

fn rates(metadata: &Metadata<'_>) -> &'static Rates {
    const DEBUG: Rates = Rates { source: None, kind: DEBUG_RATE };
    if *metadata.level() > Level::INFO { &DEBUG } else { &USUAL }
}

/// What counts of a line: the address that it names, else all that it says.
struct Seen<H> {
    hasher: H,
    text: String,
    message: String,
    source: Option<String>,
}

impl<H: Hasher> Seen<H> {
    const fn new(hasher: H) -> Self {
        Self { hasher, text: String::new(), message: String::new(), source: None }
    }

    fn line(&self, state: &RandomState) -> Line<'_> {
        let source = self.source.as_deref().filter(|source| !source.is_empty());
        Line {
            source: source.map_or_else(|| self.hasher.finish(), |source| hash(state, source)),
            source_name: source.unwrap_or_default(),
            message: &self.message,
        }
    }
}

impl<H: Hasher> Visit for Seen<H> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text.clear();
        // A value that cannot be shown counts as an empty one.
        let _ = write!(self.text, "{value:?}");
        field.name().hash(&mut self.hasher);
        self.text.hash(&mut self.hasher);
        if field.name() == "message" {
            self.message.clone_from(&self.text);
        } else if SOURCE_FIELDS.contains(&field.name()) {
            self.source = Some(self.text.clone());
        }
    }
}

/// All addresses of one IPv6 /64, and all ports of an address, are one source.
fn hash(state: &RandomState, source: &str) -> u64 {
    let source = source.trim_matches('"');
    let socket = source.parse::<SocketAddr>().map(|socket| socket.ip());
    match socket.or_else(|_| source.parse::<IpAddr>()).map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => state.hash_one(ip),
        Ok(IpAddr::V6(ip)) => state.hash_one(ip.to_bits() >> 64),
        Err(_) => state.hash_one(source),
    }
}

#[cfg(test)]
mod tests;
