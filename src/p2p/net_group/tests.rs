//! Scopes and groups of addresses.

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn every_address_has_the_scope_of_the_registries() {
    let cases: [(Scope, &[&str]); 4] = [
        (
            Scope::Global,
            &[
                "1.1.1.1",
                "100.63.255.255",
                "100.128.0.0",
                "172.32.0.1",
                "198.20.0.1",
                "203.0.113.1",
                "223.255.255.255",
                "2001:db8::1",
            ],
        ),
        (
            Scope::Private,
            &[
                "10.255.0.1",
                "100.64.0.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.7.7",
                "198.19.255.255",
                "fd00::1",
            ],
        ),
        (Scope::Loopback, &["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"]),
        (
            Scope::Unusable,
            &[
                "0.0.0.0",
                "169.254.169.254",
                "192.0.0.9",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "fe80::1",
                "ff02::1",
                "64:ff9b::a00:1",
                "2001::1",
                "2002:a00:1::1",
                "::10.0.0.1",
                "100::1",
            ],
        ),
    ];
    for (scope, addresses) in cases {
        for address in addresses {
            assert_eq!(Scope::of(ip(address)), scope, "{address}");
        }
    }
    for address in ["2600::1", "2a00:1450::1", "::ffff:8.8.8.8"] {
        assert_eq!(Scope::of(ip(address)), Scope::Global, "{address}");
    }
}

#[test]
fn nobody_speaks_of_a_network_that_it_cannot_be_in() {
    use Scope::{Global, Loopback, Private, Unusable};
    let may = |from: Scope, of: Scope| from.may_speak_of(of);
    assert!(may(Global, Global) && may(Private, Global) && may(Loopback, Global));
    assert!(!may(Global, Private) && may(Private, Private) && may(Loopback, Private));
    assert!(!may(Global, Loopback) && !may(Private, Loopback) && may(Loopback, Loopback));
    assert!([Global, Private, Loopback, Unusable].iter().all(|from| !may(*from, Unusable)));
    assert!(!may(Unusable, Private) && !may(Unusable, Loopback));
}

#[test]
fn a_group_is_an_ipv4_16_or_an_ipv6_32_and_the_operators_networks_have_none() {
    let group = |text| NetGroup::of(ip(text));
    assert_eq!(group("1.2.3.4"), group("1.2.200.1"));
    assert_ne!(group("1.2.3.4"), group("1.3.3.4"));
    assert_eq!(group("::ffff:1.2.3.4"), group("1.2.3.4"));
    assert_eq!(group("2a00:1:2::1"), group("2a00:1:3::1"));
    assert_ne!(group("2a00:1:2::1"), group("2a00:2:2::1"));
    assert_eq!(group("127.0.0.1").or(group("10.0.0.1")).or(group("fd00::1")), None);
    assert!(group("169.254.0.1").is_some());
}

#[test]
fn a_site_is_an_ipv4_16_or_an_ipv6_48() {
    let of = |text: &str| SiteGroup::of(text.parse().unwrap());
    assert_eq!(of("192.0.2.1"), of("::ffff:192.0.77.1"));
    assert_ne!(of("192.0.2.1"), of("192.1.2.1"));
    assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:ffff::"));
    assert_ne!(of("2001:db8:1::1"), of("2001:db8:2::1"));
}
