//! Tests.

use super::*;

#[test]
fn addresses_are_shown_as_people_write_them() {
    for (address, shown) in [
        ("192.0.2.1:7545", "192.0.2.1:7545"),
        ("[::ffff:192.0.2.1]:7545", "192.0.2.1:7545"),
        ("[::1]:80", "[::1]:80"),
        ("[2001:db8::1]:80", "[2001:db8::1]:80"),
    ] {
        assert_eq!(show(address.parse().unwrap()), shown);
    }
}
