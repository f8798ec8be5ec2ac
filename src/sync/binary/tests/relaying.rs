//! Who is told of pending records: peers whose Hello says that they take the messages.

use super::*;
use crate::sync::message::RELAYS_RECORDS;
use crate::sync::{RelayInput, RelayOutput};

/// A node that relays pending records, or does not.
fn relaying(chain: &Chain, relays_records: bool) -> Bench {
    let mut bench = Bench::new(chain);
    let config = BinaryConfig {
        spec: chain.spec.clone(),
        checkpoints: Checkpoints::default(),
        nonce: OUR_NONCE,
        agent: "jenny/test".to_owned(),
        listen: None,
        max_reorg_depth: None,
        accepted_forks: Vec::new(),
        relays_records,
    };
    let machine = SyncMachine::new(chain.last(), 1_000, 1 << 20);
    bench.machine = machine.with_binary(config, chain.tip().total_work());
    bench
}

/// A link that the driver allows, to a peer with these capabilities.
fn linked(relays_records: bool, capabilities: u64) -> (Bench, Vec<Output>) {
    let chain = Chain::genesis();
    let mut bench = relaying(&chain, relays_records);
    let mut out = bench.open(A);
    let hello = Hello { capabilities, ..hello(A, &chain) };
    out.extend(bench.says(A, Message::Hello(hello)));
    out.extend(bench.tell(BinaryInput::Relay(RelayInput::Allowed { link: A })));
    (bench, out)
}

/// What this node's Hello says that it takes.
fn announced(outputs: &[Output]) -> Option<u64> {
    outputs.iter().find_map(|output| match output {
        Output::Send { what: Outgoing::Binary(BinaryOutgoing::Message(message)), .. } => {
            match &**message {
                Message::Hello(hello) => Some(hello.capabilities),
                _ => None,
            }
        }
        _ => None,
    })
}

fn is_relay(output: &Output) -> bool {
    matches!(output, Output::Relay { .. })
}

#[test]
fn a_peer_of_an_earlier_version_is_told_nothing_and_stays_linked() {
    let (mut bench, out) = linked(true, 0);
    assert_eq!(announced(&out), Some(RELAYS_RECORDS));
    assert!(!out.iter().any(is_relay));
    let changed = bench.tell(BinaryInput::Relay(RelayInput::PoolChanged));
    assert_eq!((changed, banned(&bench.wait(Duration::from_secs(1_200)))), (vec![], vec![]));
}

#[test]
fn a_peer_that_takes_the_messages_and_exchanges_records_is_told_of_them() {
    let (mut bench, out) = linked(true, RELAYS_RECORDS | 6);
    assert!(out.contains(&send(A, BinaryOutgoing::RecordIds(Vec::new()))), "{out:?}");
    bench.tell(BinaryInput::Relay(RelayInput::IdsSent { link: A }));
    let out = bench.says(A, Message::RecordIds(Vec::new()));
    let read = RelayOutput::ReadPool { after: None, own_only: true, max: 1_024 };
    assert!(out.contains(&Output::Relay { link: A, what: read }), "{out:?}");
}

#[test]
fn a_node_that_does_not_relay_says_so_and_takes_no_message() {
    let (mut bench, out) = linked(false, RELAYS_RECORDS);
    assert_eq!(announced(&out), Some(0));
    assert!(!out.iter().any(is_relay));
    let out = bench.says(A, Message::RecordIds(vec![Hash::ZERO]));
    assert_eq!(banned(&out), [A]);
}

#[test]
fn records_before_hello_and_records_that_were_not_asked_for_ban() {
    let chain = Chain::genesis();
    let mut bench = relaying(&chain, true);
    bench.open(A);
    assert_eq!(banned(&bench.says(A, Message::RecordIds(vec![Hash::ZERO]))), [A]);
    let (mut bench, _) = linked(true, RELAYS_RECORDS);
    let out = bench.says(A, Message::Records(vec!["x".to_owned()]));
    assert_eq!(banned(&out), [A]);
}
