//! Tests.

use super::*;

const HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$PZV/5UavElPOPbGXjPN8dKlbhOhXpX6LZUCdkIELYeI";

fn table(name: &str, hash: &str, role: &str) -> String {
    format!("[[user]]\nname = \"{name}\"\nhash = \"{hash}\"\nrole = \"{role}\"\n")
}

#[test]
fn users_are_read_in_order_and_written_back() {
    let text = table("ann", HASH, "operator") + &table("rob", HASH, "reader");
    let users = Users::parse(&text).unwrap();
    let named: Vec<_> = users.as_slice().iter().map(|user| (&*user.name, user.role)).collect();
    assert_eq!(named, [("ann", Role::Operator), ("rob", Role::Reader)]);
    assert_eq!(Users::parse(&users.to_toml().unwrap()), Ok(users));
}

#[test]
fn each_role_is_read_by_its_name_and_above_the_ones_before_it() {
    let roles = [Role::Monitor, Role::Reader, Role::Writer, Role::Operator];
    for role in roles {
        let users = Users::parse(&table("ann", HASH, &role.to_string())).unwrap();
        assert_eq!(users.as_slice()[0].role, role);
    }
    assert!(roles.is_sorted());
}

#[test]
fn an_empty_file_has_no_users() {
    assert!(Users::parse("").unwrap().is_empty());
    assert_eq!(
        Users::default().to_toml().map(|text| Users::parse(&text)),
        Ok(Ok(Users::default()))
    );
}

#[test]
fn unknown_and_missing_keys_and_roles_are_errors_that_name_the_line() {
    let cases = [
        ("colour = 1".to_owned(), "colour"),
        (table("ann", HASH, "reader") + "colour = 1\n", "colour"),
        (format!("[[user]]\nname = \"ann\"\nhash = \"{HASH}\"\n"), "role"),
        (table("ann", HASH, "admin"), "admin"),
        (table("ann", HASH, "Reader"), "Reader"),
        ("[[user]\n".to_owned(), "line 1"),
    ];
    for (text, named) in cases {
        let error = Users::parse(&text).unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[test]
fn names_that_basic_authentication_cannot_carry_are_refused() {
    for name in ["", "a:b", "a\\nb", &"x".repeat(129)] {
        let error = Users::parse(&table(name, HASH, "reader")).unwrap_err();
        assert!(matches!(error, UsersError::Name { .. }), "{name:?}: {error}");
    }
    assert!(Users::parse(&table(&"x".repeat(128), HASH, "reader")).is_ok());
    assert!(Users::parse(&table("jürgen müller", HASH, "reader")).is_ok());
}

#[test]
fn only_argon2id_hashes_are_taken() {
    for hash in [
        "",
        "1234",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA",
        &HASH.replace("argon2id", "argon2i"),
        &HASH.replace("argon2id", "pbkdf2"),
        &HASH[1..],
    ] {
        let error = Users::parse(&table("ann", hash, "reader")).unwrap_err();
        assert!(matches!(error, UsersError::Hash { .. }), "{hash}: {error}");
        assert!(error.to_string().contains("jenny user passwd"), "{error}");
    }
}

#[test]
fn a_name_stands_once_and_there_are_so_many() {
    let twice = table("ann", HASH, "reader").repeat(2);
    assert_eq!(Users::parse(&twice), Err(UsersError::Repeated { name: "ann".to_owned() }));
    let user = |number: usize| User {
        name: number.to_string(),
        hash: HASH.to_owned(),
        role: Role::Reader,
    };
    assert!(Users::new((0..MAX_USERS).map(user).collect()).is_ok());
    let error = Users::new((0..=MAX_USERS).map(user).collect()).unwrap_err();
    assert_eq!(error, UsersError::TooMany { found: 1_025 });
}

#[test]
fn hashes_stay_out_of_logs() {
    let users = Users::parse(&table("ann", HASH, "reader")).unwrap();
    assert!(!format!("{users:?}").contains("argon2"), "{users:?}");
}
