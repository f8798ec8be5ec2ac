//! Which events a query asks for.

use super::*;

fn wanted(types: Option<&str>, record: Option<&str>) -> Vec<&'static str> {
    let filter = Filter::parse(types, record).unwrap();
    Event::ALL.into_iter().filter(|event| filter.has(*event)).map(Event::name).collect()
}

#[test]
fn without_types_all_events_are_wanted_or_those_of_a_record() {
    assert_eq!(wanted(None, None), Event::ALL.map(Event::name));
    let id = "ab".repeat(32);
    assert_eq!(wanted(None, Some(&id)), ["block.disconnected", "record.included"]);
    assert_eq!(wanted(Some("block.connected"), Some(&id)), ["block.connected"]);
    assert_eq!(Filter::parse(None, Some(&id)).unwrap().record, id.parse().ok());
}

#[test]
fn types_are_a_list_of_names() {
    assert_eq!(wanted(Some("sync.progress"), None), ["sync.progress"]);
    let two = wanted(Some("peer.connected,block.connected,peer.connected"), None);
    assert_eq!(two, ["block.connected", "peer.connected"]);
}

#[test]
fn an_unknown_type_and_a_malformed_id_are_named() {
    for types in ["", "block", "block.connected,", "Block.Connected", "block.connected, x"] {
        let problem = Filter::parse(Some(types), None).unwrap_err();
        assert_eq!(
            (problem.kind, problem.field.as_deref()),
            (Kind::InvalidParameter, Some("types"))
        );
    }
    let problem = Filter::parse(None, Some("abc")).unwrap_err();
    assert_eq!(problem.field.as_deref(), Some("record"));
}
