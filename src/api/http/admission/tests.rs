//! Tests.

use super::*;

fn admission() -> Admission {
    let limits = Limits { connections: 4, connections_per_address: 2, ..Limits::default() };
    Admission::new(&limits, Arc::new(TrustedProxies::parse(&["198.51.100.0/24"]).unwrap()))
}

async fn enter(admission: &Admission, address: &str) -> Option<Place> {
    admission.admit(admission.room().await.unwrap(), address.parse().unwrap())
}

#[tokio::test]
async fn one_address_gets_so_many_places() {
    let admission = admission();
    let first = enter(&admission, "192.0.2.1").await;
    let second = enter(&admission, "::ffff:192.0.2.1").await;
    assert!(first.is_some() && second.is_some());
    assert!(enter(&admission, "192.0.2.1").await.is_none());
    let other = enter(&admission, "192.0.2.2").await;
    assert!(other.is_some());
    drop(first);
    assert!(enter(&admission, "192.0.2.1").await.is_some());
}

#[tokio::test]
async fn an_ipv6_network_counts_as_one_and_loopback_is_not_counted() {
    let admission = admission();
    let _first = enter(&admission, "2001:db8::1").await.unwrap();
    let _second = enter(&admission, "2001:db8::2").await.unwrap();
    assert!(enter(&admission, "2001:db8::3").await.is_none());
    let other = enter(&admission, "2001:db8:0:1::1").await.unwrap();
    drop(other);
    let local = [enter(&admission, "::1").await, enter(&admission, "127.0.0.1").await];
    assert!(local.iter().all(Option::is_some));
}

#[tokio::test]
async fn trusted_proxies_are_not_counted() {
    let admission = admission();
    let mut places = Vec::new();
    for _ in 0..3 {
        places.push(enter(&admission, "198.51.100.7").await.unwrap());
    }
    assert!(admission.by_source.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_closed_connection_leaves_nothing_behind() {
    let admission = admission();
    drop(enter(&admission, "192.0.2.1").await);
    assert!(admission.by_source.lock().unwrap().is_empty());
    assert_eq!(admission.all.available_permits(), 4);
}
