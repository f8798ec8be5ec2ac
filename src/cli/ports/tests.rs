//! The URL that a client on this machine is given.

use super::*;

/// The URL of an API that listens on `api`, and on `plain` in clear text if it is not empty, with a
/// certificate for `certified` and the setting `hosts`, in words.
fn url(api: &str, plain: &str, certified: &str, hosts: &str) -> String {
    let port = |text: &str| {
        let (scheme, address) = text.split_once("://").unwrap();
        let scheme = ["http", "https", "wss"].into_iter().find(|known| *known == scheme).unwrap();
        Port { scheme, address: address.parse().unwrap() }
    };
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let api_plain = (!plain.is_empty()).then(|| port(plain));
    let ports =
        Ports { api: port(api), p2p: port("wss://0.0.0.0:7545"), api_plain, p2p_plain: None };
    ports.local_url(&words(certified), &words(hosts))
}

#[test]
fn an_address_of_all_interfaces_becomes_one_of_this_machine() {
    for (api, expected) in [
        ("http://0.0.0.0:3000", "http://127.0.0.1:3000"),
        ("http://[::]:3000", "http://[::1]:3000"),
        ("http://[::ffff:0.0.0.0]:3000", "http://127.0.0.1:3000"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://192.0.2.1:80", "http://192.0.2.1:80"),
        ("http://[2001:db8::1]:80", "http://[2001:db8::1]:80"),
    ] {
        assert_eq!(url(api, "", "", ""), expected, "{api}");
        // Without TLS a name is of no use.
        assert_eq!(url(api, "", "ledger.example", "ledger.example"), expected, "{api}");
    }
}

#[test]
fn with_tls_it_has_a_name_of_the_certificate_that_leads_here() {
    let all = "https://0.0.0.0:443";
    for (api, certified, hosts, expected) in [
        (all, "ledger.example 127.0.0.1", "", "https://127.0.0.1:443"),
        (all, "localhost", "", "https://localhost:443"),
        (all, "10.0.0.1 Ledger.example", "ledger.example", "https://Ledger.example:443"),
        // The API refuses a request that names another host.
        (all, "ledger.example", "", "https://127.0.0.1:443"),
        (all, "ledger.example", "other.example", "https://127.0.0.1:443"),
        (all, "", "", "https://127.0.0.1:443"),
        ("https://[::]:443", "127.0.0.1", "", "https://127.0.0.1:443"),
        ("https://[::]:443", "::1 127.0.0.1", "", "https://[::1]:443"),
        ("https://[::1]:443", "127.0.0.1 localhost", "", "https://localhost:443"),
        ("https://192.0.2.1:443", "localhost 192.0.2.1", "", "https://192.0.2.1:443"),
        ("https://192.0.2.1:443", "localhost", "", "https://192.0.2.1:443"),
        ("https://192.0.2.1:443", "a.example", "a.example", "https://a.example:443"),
    ] {
        assert_eq!(url(api, "", certified, hosts), expected, "{api} {certified} {hosts}");
    }
}

#[test]
fn a_port_in_clear_text_needs_no_ca() {
    let api = "https://0.0.0.0:443";
    assert_eq!(url(api, "http://127.0.0.1:3001", "127.0.0.1", ""), "http://127.0.0.1:3001");
    assert_eq!(url(api, "http://0.0.0.0:3001", "127.0.0.1", ""), "http://127.0.0.1:3001");
}
