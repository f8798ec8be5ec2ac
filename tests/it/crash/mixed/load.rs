//! What one client does until its node is gone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jenny_chain::chain::{Receipt, leaf_hash};
use serde_json::json;

use super::kept::Kept;
use crate::process::Running;
use crate::support::random::Random;

/// Records of a request.
const RECORDS: usize = 3;

/// A client of one node. It ends when the node is gone, or when it is told to.
#[derive(Clone, Copy)]
pub(super) struct Client<'a> {
    pub(super) node: &'a Running,
    pub(super) kept: &'a Kept,
    /// Pause between two requests.
    pub(super) pace: Duration,
    pub(super) signals: &'a Signals,
    /// Whether it heeds [`Signals::pause`].
    pub(super) may_pause: bool,
}

/// What clients are told.
#[derive(Default)]
pub(super) struct Signals {
    /// Nobody does anything any more.
    pub(super) stop: AtomicBool,
    /// Nobody adds a record to the node that is killed.
    pub(super) pause: AtomicBool,
}

impl Client<'_> {
    /// Sends records to the pool.
    pub(super) fn send(&self, label: &str) {
        for number in self.numbers() {
            let records: Vec<_> = (0..RECORDS).map(|part| sent(label, number, part)).collect();
            let body = json!({ "data": records }).to_string();
            let Ok((code, text)) = self.node.post("/v1/records", &body) else { return };
            if code != 202 {
                assert!(code == 200 || code == 429 || code == 503, "{code} {text}");
                return;
            }
            self.kept.sent().extend(records);
        }
    }

    /// Mines one of the records that another client sends, and one of its own.
    pub(super) fn mine(&self, label: &str) {
        for number in self.numbers() {
            let records = [sent(label, number, 1), format!("mined {label} {number}")];
            let body = json!({ "data": records }).to_string();
            let Ok((code, text)) = self.node.post("/mineBlock", &body) else { return };
            if code != 200 {
                assert_eq!(code, 503, "{text}");
                return;
            }
            self.kept.mined().extend(records);
        }
    }

    /// Reads what was acknowledged, and the chain. A record is found whatever happens to its
    /// block meanwhile.
    pub(super) fn read(&self, random: &mut Random) {
        for number in self.numbers() {
            let Some(record) = self.kept.any_sent(random) else { continue };
            let path = format!("/v1/records/{}", leaf_hash(record.as_bytes()));
            let chain = ["/v1/blocks?order=desc&limit=20", "/v1/headers", "/v1/status"];
            let paths = [path.clone(), format!("{path}/receipt"), chain[number % 3].to_owned()];
            for (kind, path) in paths.iter().enumerate() {
                let Some((code, text)) = self.node.try_get(path) else { return };
                // A record that is pending has no receipt.
                let is_fine = code == 200 || kind == 1 && code == 409;
                assert!(is_fine || code == 503, "{record}: {path}: {code} {text}");
                if kind == 1 && code == 200 {
                    let receipt = Receipt::parse(text.as_bytes()).unwrap();
                    receipt.verify(None).unwrap();
                    assert_eq!(receipt.record, record);
                }
            }
        }
    }

    /// The numbers of its requests, a pause after each, until it is told to stop.
    fn numbers(&self) -> impl Iterator<Item = usize> {
        (0..).take_while(|&number| {
            if number > 0 {
                std::thread::park_timeout(self.pace);
            }
            let is_told = |signal: &AtomicBool| signal.load(Ordering::Relaxed);
            while self.may_pause && is_told(&self.signals.pause) && !is_told(&self.signals.stop) {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            !is_told(&self.signals.stop)
        })
    }
}

fn sent(label: &str, number: usize, part: usize) -> String {
    format!("sent {label} {number} {part}")
}

/// Whether `POST /mineBlock` was never given this record.
pub(super) fn is_only_sent(record: &str) -> bool {
    record.starts_with("sent ") && !record.ends_with(" 1")
}
