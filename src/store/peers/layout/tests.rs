//! The bytes of the peers on disk, pinned: a change here is a migration.

use super::*;

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn an_entry_of_the_book_is_twelve_bytes_under_its_address() {
    let entry = BookEntry {
        address: "ws://a:1".to_owned(),
        last_success: 0x0102,
        failures: 3,
        learned: false,
    };
    let (key, value) = encode_peer(&entry);
    assert_eq!((&key[..], hex(&value)), (&b"aws://a:1"[..], "000000000000010200000003".to_owned()));
    assert_eq!(decode_peer(&key, &value).unwrap(), entry);
    assert!(decode_peer(&key, &value[1..]).is_err() && decode_peer(b"xws://a:1", &value).is_err());
    let learned = BookEntry { learned: true, ..entry };
    let (key, value) = encode_peer(&learned);
    assert_eq!((&key[..], hex(&value)), (&b"lws://a:1"[..], "000000000000010200000003".to_owned()));
    assert_eq!(decode_peer(&key, &value).unwrap(), learned);
}

#[test]
fn a_ban_is_its_end_and_its_reason_under_sixteen_bytes_of_address() {
    for (address, by_operator, bytes) in [
        ("192.0.2.1", false, "6200000000000000000000ffffc0000201"),
        ("2001:db8::", false, "6220010db8000000000000000000000000"),
        ("2001:db8::", true, "6f20010db8000000000000000000000000"),
    ] {
        let ban = Ban {
            by_operator,
            address: address.parse().unwrap(),
            until: Timestamp::from_millis(0x0102),
            reason: "bad".to_owned(),
        };
        let (key, value) = encode_ban(&ban);
        assert_eq!(hex(&key), bytes);
        assert_eq!(hex(&value), "0000000000000102626164");
        assert_eq!(decode_ban(&key, &value).unwrap(), ban);
        assert!(decode_ban(&key[1..], &value).is_err() && decode_ban(&key[..16], &value).is_err());
        assert!(decode_ban(&key, &value[..7]).is_err() && decode_ban(&key, &[0xff; 9]).is_err());
    }
}
