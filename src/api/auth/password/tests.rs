//! Tests.

use argon2::{Params, PasswordVerifier};

use super::*;
use crate::api::{Role, User, Users};

#[test]
fn a_hashed_password_verifies_and_no_other_does() {
    let hash = hash_password("pass word").unwrap();
    assert!(Argon2::default().verify_password(b"pass word", hash.as_str()).is_ok());
    assert!(Argon2::default().verify_password(b"pass wort", hash.as_str()).is_err());
    assert_ne!(hash, hash_password("pass word").unwrap(), "the salt is fresh");
    let costs = format!("m={},t={}", Params::DEFAULT_M_COST, Params::DEFAULT_T_COST);
    assert!(hash.starts_with("$argon2id$v=19$") && hash.contains(&costs), "{hash}");
    let user = User { name: "ann".to_owned(), hash, role: Role::Reader };
    assert!(Users::new(vec![user]).is_ok());
}

#[test]
fn a_password_has_twelve_characters_or_more() {
    for password in ["", "1234", "elevenchars", "elevencharß"] {
        let found = password.chars().count();
        assert_eq!(check_password(password), Err(PasswordError::TooShort { found }));
    }
    let text = check_password("short").unwrap_err().to_string();
    assert_eq!(text, "the password has 5 characters; it needs at least 12");
    for password in ["twelve chars", "zwölf zeichä", " twelve too "] {
        assert_eq!(check_password(password), Ok(()), "{password}");
    }
}

#[test]
fn a_password_that_http_cannot_carry_is_refused() {
    assert_eq!(check_password(&"x".repeat(1_024)), Ok(()));
    let found = 5_000;
    assert_eq!(check_password(&"x".repeat(found)), Err(PasswordError::TooLong { found }));
    for password in ["two lines\nof text", "with a\0byte of zero", "with a\u{85}next line"] {
        assert_eq!(check_password(password), Err(PasswordError::Control), "{password:?}");
    }
}

#[test]
fn the_longest_name_and_password_fit_the_header() {
    use base64::Engine;
    let text = format!("{}:{}", "n".repeat(128), "p".repeat(MAX_PASSWORD_BYTES));
    let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text));
    let mut headers = http::HeaderMap::new();
    headers.insert(http::header::AUTHORIZATION, value.parse().unwrap());
    assert!(crate::api::auth::basic::Credentials::read(&headers).is_ok());
}
