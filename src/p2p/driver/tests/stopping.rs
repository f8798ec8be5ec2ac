//! What the log says of peers while the node stops.

use std::sync::{Mutex, PoisonError};

use tracing::subscriber::{DefaultGuard, set_default};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, Registry};

use super::*;
use crate::node::NodeFailure;
use crate::p2p::driver::links::NEVER;

/// Counts the warnings and errors of this thread.
#[derive(Clone, Default)]
struct Alarms(Arc<Mutex<u32>>);

impl Alarms {
    fn listen(&self) -> DefaultGuard {
        set_default(Registry::default().with(self.clone()))
    }

    fn count(&self) -> u32 {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: tracing::Subscriber> Layer<S> for Alarms {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= tracing::Level::WARN {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        }
    }
}

#[tokio::test]
async fn a_node_that_stops_has_no_defective_address_book() {
    let Bench { mut driver, node } = Bench::new().await;
    node.stop().await;
    let alarms = Alarms::default();
    let _listening = alarms.listen();
    driver.take_up_known().await;
    let peer = url("ws://192.0.2.1:7000");
    driver.dials.want(peer.clone(), Instant::now());
    driver.remember(&peer, NEVER, 1);
    let (arrival, _ticket) = arrival("192.0.2.1:7000");
    driver.event(Event::Dialled { peer, arrival });
    driver.note_linked();
    driver.look_at_clock();
    until("all is tried", || driver.tasks.is_empty()).await;
    assert_eq!(alarms.count(), 0);
}

#[test]
fn a_failure_is_an_alarm_unless_the_node_stops_on_request() {
    let alarms = Alarms::default();
    let _listening = alarms.listen();
    log_failure("a ban cannot be written", &NodeFailure::Stopping);
    assert_eq!(alarms.count(), 0);
    let panicked = NodeFailure::Panicked { thread: "writer", what: "a defect".to_owned() };
    log_failure("a ban cannot be written", &panicked);
    assert_eq!(alarms.count(), 1);
}
