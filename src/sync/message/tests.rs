//! Golden bytes, bounds and round trips.

use super::*;
use crate::chain::{Bits, HEADER_BYTES};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn header(nonce: u64) -> Header {
    Header {
        version: 1,
        height: Height::new(7),
        timestamp: Timestamp::from_millis(8),
        previous_hash: Hash::new([1; 32]),
        merkle_root: Hash::new([2; 32]),
        history_root: Hash::new([3; 32]),
        record_count: 4,
        bits: Bits::new(0x207f_ffff),
        nonce,
    }
}

fn hello() -> Hello {
    Hello {
        lowest: 1,
        highest: 2,
        capabilities: 300,
        genesis: Hash::new([9; 32]),
        nonce: 5,
        agent: "jenny/1".to_owned(),
        listen: Some("[::]:7545".to_owned()),
        height: Height::new(128),
        work: Work::from_bytes([6; 32]),
        time: Timestamp::from_millis(1_700_000_000_000),
    }
}

fn body() -> Body {
    Body::of(&["a".to_owned(), "bc".to_owned()]).unwrap()
}

/// Every variant with its bytes.
fn golden() -> Vec<(Message, String)> {
    let hash = |byte: u8| hex(&[byte; 32]);
    let header_hex = hex(&header(1).encode());
    vec![
        (
            Message::Hello(hello()),
            format!(
                "00{}{}{}{}{}{}{}{}{}{}{}",
                "01",
                "02",
                "ac02",
                hash(9),
                "05",
                "076a656e6e792f31",
                "01095b3a3a5d3a37353435",
                "8001",
                hash(6),
                "80d095ff",
                "bc31"
            ),
        ),
        (
            Message::GetHeaders {
                locator: vec![
                    (Height::new(300), Hash::new([1; 32])),
                    (Height::GENESIS, Hash::new([2; 32])),
                ],
                stop: None,
            },
            format!("0102ac02{}00{}00", hash(1), hash(2)),
        ),
        (
            Message::GetHeaders { locator: Vec::new(), stop: Some(Hash::new([4; 32])) },
            format!("010001{}", hash(4)),
        ),
        (Message::Headers(vec![header(1)]), format!("0201{header_hex}")),
        (
            Message::GetBlocks {
                request: 1,
                first: Height::new(2),
                count: 128,
                last: Hash::new([5; 32]),
            },
            format!("0301028001{}", hash(5)),
        ),
        (
            Message::Blocks { request: 3, bodies: vec![body()] },
            "0403010602016102".to_owned() + "6263",
        ),
        (Message::NotFound { request: 4 }, "0504".to_owned()),
        (Message::Announce(header(1)), format!("06{header_hex}")),
        (Message::GetPeers, "07".to_owned()),
        (
            Message::Peers(vec![PeerAddress {
                address: "ws://a:1".to_owned(),
                last_seen: Timestamp::from_millis(127),
            }]),
            "08010877733a2f2f613a317f".to_owned(),
        ),
        (
            Message::RecordIds(vec![Hash::new([1; 32]), Hash::new([2; 32])]),
            format!("0902{}{}", hash(1), hash(2)),
        ),
        (Message::GetRecords(vec![Hash::new([3; 32])]), format!("0a01{}", hash(3))),
        (
            Message::Records(vec!["ab".to_owned(), String::new(), "ü".to_owned()]),
            "0b0302616200".to_owned() + "02c3bc",
        ),
    ]
}

#[test]
fn every_message_has_the_bytes_that_were_pinned_and_reads_back() {
    for (message, bytes) in golden() {
        let encoded = message.encode().unwrap();
        assert_eq!(hex(&encoded), bytes, "{message:?}");
        assert_eq!(Message::decode(&encoded), Ok(message));
    }
}

#[test]
fn every_part_of_a_message_and_anything_behind_it_is_refused() {
    for (message, _) in golden() {
        let encoded = message.encode().unwrap();
        for length in 0..encoded.len() {
            assert!(Message::decode(&encoded[..length]).is_err(), "{message:?} cut to {length}");
        }
        let longer = [encoded.as_slice(), &[0]].concat();
        assert_eq!(Message::decode(&longer), Err(DecodeError::Trailing(1)));
    }
}

#[test]
fn an_unknown_variant_and_a_long_frame_are_refused() {
    assert!(Message::decode(&[12, 0]).is_err());
    let long = vec![0; MAX_FRAME + 1];
    assert_eq!(Message::decode(&long), Err(DecodeError::TooLong(MAX_FRAME + 1)));
}

#[test]
fn a_list_above_its_bound_is_refused_by_its_length_alone() {
    // A variant, then the length as a varint: nothing of the list itself is there.
    let lists: [(&[u8], u64); 7] = [
        (&[1], 64),
        (&[2], 2_000),
        (&[4, 0], u64::from(MAX_RANGE)),
        (&[8], 64),
        (&[9], 1_024),
        (&[10], 1_024),
        (&[11], 1_024),
    ];
    for (start, max) in lists {
        for announced in [max + 1, u64::from(u32::MAX), u64::MAX >> 1] {
            let length = postcard::to_stdvec(&announced).unwrap();
            let frame = [start, &length].concat();
            assert!(Message::decode(&frame).is_err(), "{start:?} {announced}");
        }
    }
}

#[test]
fn lists_at_their_bounds_are_taken() {
    let headers = Message::Headers((0..2_000).map(header).collect());
    let encoded = headers.encode().unwrap();
    assert_eq!(encoded.len(), 3 + 2_000 * HEADER_BYTES);
    assert_eq!(Message::decode(&encoded), Ok(headers));
    let bodies = Message::Blocks { request: 1, bodies: vec![body(); MAX_RANGE as usize] };
    assert_eq!(Message::decode(&bodies.encode().unwrap()), Ok(bodies));
    let ids = Message::RecordIds(vec![Hash::new([7; 32]); MAX_RECORD_IDS]);
    assert_eq!(Message::decode(&ids.encode().unwrap()), Ok(ids));
    let texts = Message::Records(vec!["x".repeat(1_024); MAX_RECORD_IDS]);
    assert_eq!(Message::decode(&texts.encode().unwrap()), Ok(texts));
}

#[test]
fn records_above_a_mebibyte_together_are_refused() {
    let mut texts = vec!["x".repeat(MAX_RECORD_TEXTS)];
    assert!(Message::decode(&Message::Records(texts.clone()).encode().unwrap()).is_ok());
    texts.push("y".to_owned());
    assert!(Message::decode(&Message::Records(texts).encode().unwrap()).is_err());
}

#[test]
fn long_texts_are_refused() {
    let mut long = hello();
    long.agent = "x".repeat(MAX_TEXT + 1);
    assert!(Message::decode(&Message::Hello(long.clone()).encode().unwrap()).is_err());
    long.agent.pop();
    assert!(Message::decode(&Message::Hello(long).encode().unwrap()).is_ok());
}

#[test]
fn a_body_holds_as_many_records_as_its_header_says_or_is_none() {
    let records = vec!["a".to_owned(), String::new(), "\u{0}ü".to_owned()];
    let body = Body::of(&records).unwrap();
    assert_eq!(body.records(3), Some(records));
    assert_eq!(body.records(2), None);
    assert_eq!(body.records(4), None);
    assert_eq!(Body::of(&[]).unwrap().records(0), Some(Vec::new()));
}

#[test]
fn taking_the_records_out_of_a_body_is_as_reading_them() {
    let encoded = [
        &[1, 2, b'a', b'b'][..],
        &[1, 0],
        &[1, 0x82, 0, b'a', b'b'],
        &[1, 2, b'a'],
        &[1, 2, b'a', b'b', b'c'],
        &[1, 1, 0xff],
        &[2, 1, b'a', 1, b'b'],
        &[0],
        &[1],
        &[],
    ];
    for bytes in encoded {
        for count in 0..3 {
            let body = Body::encoded(bytes.to_vec());
            assert_eq!(body.clone().into_records(count), body.records(count), "{bytes:?} {count}");
        }
    }
}

#[test]
fn a_body_that_announces_more_than_it_holds_is_none_before_anything_is_allocated() {
    let announced = postcard::to_stdvec(&u32::MAX).unwrap();
    let message =
        [&[4, 0, 1, u8::try_from(announced.len()).unwrap()], announced.as_slice()].concat();
    let Ok(Message::Blocks { bodies, .. }) = Message::decode(&message) else { panic!("a body") };
    assert_eq!(bodies[0].records(u32::MAX), None);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    })]

    #[test]
    fn whatever_comes_is_read_or_refused(frame in proptest::collection::vec(0_u8.., 0..600)) {
        if let Ok(message) = Message::decode(&frame) {
            // Varints can be longer than they need be, so only the message is compared.
            let again = Message::decode(&message.encode().unwrap());
            proptest::prop_assert_eq!(again, Ok(message));
        }
    }

    #[test]
    fn a_damaged_message_is_read_or_refused(which in 0_usize..13, at in 0_usize..4_096, byte: u8) {
        let (message, _) = golden().swap_remove(which);
        let mut frame = message.encode().unwrap();
        let at = at % frame.len();
        frame[at] = byte;
        let _ = Message::decode(&frame);
    }
}
