//! Tests.

use super::*;
use crate::api::{Role, User, hash_password};

fn listening(address: &str) -> ApiConfig {
    ApiConfig { listen: address.parse().unwrap(), ..ApiConfig::default() }
}

#[test]
fn default_credentials_are_for_this_machine_only() {
    for address in ["127.0.0.1:3000", "127.9.9.9:0", "[::1]:3000", "[::ffff:127.0.0.1]:80"] {
        assert_eq!(listening(address).check(), Ok(()), "{address}");
    }
    for address in ["0.0.0.0:3000", "[::]:3000", "192.0.2.1:80", "[::ffff:192.0.2.1]:80"] {
        let error = listening(address).check().unwrap_err();
        assert!(error.to_string().contains(address), "{error}");
        assert!(error.to_string().starts_with("`api.listen`: "), "{error}");
        assert!(error.to_string().contains("add a user"));
    }
    let plain = Some("0.0.0.0:3001".parse().unwrap());
    let error = ApiConfig { plain_listen: plain, ..listening("127.0.0.1:3000") }.check();
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("`api.plain_listen`: "), "{error}");
    assert!(error.contains("on 0.0.0.0:3001 with"), "{error}");
}

#[test]
fn with_a_user_it_may_listen_anywhere() {
    let hash = hash_password("x").unwrap();
    let user = User { name: "ann".to_owned(), hash, role: Role::Reader };
    let users = Users::new(vec![user]).unwrap();
    let config = ApiConfig { users, ..listening("0.0.0.0:3000") };
    assert_eq!(config.check(), Ok(()));
}

#[test]
fn default_credentials_end_with_each_sign_of_other_callers() {
    let local = || listening("127.0.0.1:3000");
    assert!(local().takes_default_user());
    let user =
        User { name: "ann".to_owned(), hash: hash_password("x").unwrap(), role: Role::Reader };
    for config in [
        ApiConfig { default_user: false, ..local() },
        ApiConfig { hosts: vec!["ledger.example".to_owned()], ..local() },
        ApiConfig { trusted_proxies: TrustedProxies::parse(&["127.0.0.1"]).unwrap(), ..local() },
        ApiConfig { users: Users::new(vec![user]).unwrap(), ..local() },
        listening("0.0.0.0:3000"),
    ] {
        assert!(!config.takes_default_user(), "{config:?}");
    }
}
