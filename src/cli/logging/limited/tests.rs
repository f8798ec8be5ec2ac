//! Tests of what counts as one source.

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

use super::*;
use crate::node::AUDIT_RECORDS;

/// Counts the lines that pass.
#[derive(Clone, Default)]
struct Passed(Arc<Mutex<u32>>);

impl<S: Subscriber> Layer<S> for Passed {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        *self.0.lock().unwrap() += 1;
    }
}

/// How many of the lines that `log` writes pass, and the layer.
fn passing(log: impl FnOnce()) -> (u32, Limited) {
    let (limited, passed) = (Limited::new(), Passed::default());
    let subscriber = Registry::default().with(limited.clone()).with(passed.clone());
    tracing::subscriber::with_default(subscriber, log);
    let passed = *passed.0.lock().unwrap();
    (passed, limited)
}

#[test]
fn one_address_is_one_source_whatever_its_port_and_whatever_is_said() {
    let (passed, limited) = passing(|| {
        for port in 1..1_000_u16 {
            let client = SocketAddr::from(([192, 0, 2, 1], port));
            tracing::info!(%client, asked = port, "refused");
        }
    });
    assert_eq!(passed, SOURCE_RATE.burst);
    let left_out = limited.left_out();
    assert_eq!((left_out.len(), left_out[0].count), (1, 999 - u64::from(passed)));
    assert_eq!(left_out[0].message, "refused");
    assert_eq!(left_out[0].source_name, "192.0.2.1:11");
}

#[test]
fn an_address_is_the_same_in_every_way_to_write_it() {
    let (passed, _) = passing(|| {
        let log = |address: &str| tracing::warn!(address, "linked");
        for _ in 0..100 {
            log("192.0.2.1");
            log("192.0.2.1:7545");
            log("[::ffff:192.0.2.1]:7545");
        }
    });
    assert_eq!(passed, SOURCE_RATE.burst);
}

#[test]
fn a_network_of_ipv6_is_one_source() {
    let (passed, _) = passing(|| {
        for host in 0..1_000_u16 {
            let address = IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
            tracing::warn!(%address, "linked");
        }
        tracing::warn!(address = "2001:db8:0:2::1", "linked");
    });
    assert_eq!(passed, SOURCE_RATE.burst + 1);
}

#[test]
fn without_an_address_the_same_words_are_one_source() {
    let (passed, _) = passing(|| {
        let log = |error: &str| tracing::warn!(error, "cannot be accepted");
        for number in 0..100 {
            log("too many open files");
            if number < 50 {
                log(&format!("error {number}"));
            }
        }
    });
    assert_eq!(passed, SOURCE_RATE.burst + 50);
}

#[test]
fn any_number_of_sources_is_bounded_too() {
    let (passed, _) = passing(|| {
        for number in 0..100_000_u32 {
            tracing::error!(client = %std::net::Ipv4Addr::from_bits(number), "refused");
        }
    });
    // The clock is real: a little is paid for meanwhile.
    assert!((KIND_RATE.burst..KIND_RATE.burst + 100).contains(&passed), "{passed}");
}

#[test]
fn debugging_shows_all_lines_of_a_source_within_a_bound() {
    let (passed, _) = passing(|| {
        for _ in 0..DEBUG_RATE.burst {
            tracing::debug!(client = "192.0.2.1", "refused");
        }
    });
    assert_eq!(passed, DEBUG_RATE.burst);
}

#[test]
fn what_must_be_on_record_is_never_left_out() {
    let (passed, limited) = passing(|| {
        for _ in 0..1_000 {
            tracing::warn!(target: AUDIT, "disconnected block");
        }
    });
    assert_eq!((passed, limited.left_out().len()), (1_000, 0));
}

#[test]
fn lines_about_records_that_a_client_sends_are_counted_beyond_its_rate() {
    let (passed, limited) = passing(|| {
        for _ in 0..1_000 {
            tracing::info!(target: AUDIT_RECORDS, client = "192.0.2.1:7545", "changed");
            tracing::info!(target: AUDIT, client = "192.0.2.1:7545", "changed");
        }
    });
    assert_eq!(passed, 1_000 + SOURCE_RATE.burst);
    let left_out = limited.left_out();
    assert_eq!((left_out.len(), left_out[0].count), (1, 1_000 - u64::from(SOURCE_RATE.burst)));
}
