//! Tests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;

use super::*;
use crate::api::auth::users::{Role, User};

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn headers(name: &str, password: &str) -> HeaderMap {
    let token = STANDARD.encode(format!("{name}:{password}"));
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Basic {token}").parse().unwrap());
    headers
}

fn auth(users: &Users) -> Arc<Auth> {
    Auth::new(users, true).unwrap()
}

fn one_user() -> Users {
    let hash = crate::api::hash_password("right").unwrap();
    Users::new(vec![User { name: "ann".to_owned(), hash, role: Role::Reader }]).unwrap()
}

#[tokio::test]
async fn a_verified_password_is_not_hashed_again() {
    let auth = auth(&one_user());
    assert_eq!(auth.check(&headers("ann", "right"), LOCAL).await.unwrap().role, Role::Reader);
    // Nobody could be verified any more.
    auth.verifying.close();
    assert_eq!(auth.check(&headers("ann", "right"), LOCAL).await.unwrap().role, Role::Reader);
    let problem = auth.check(&headers("ann", "wrong"), LOCAL).await.unwrap_err();
    assert_eq!(problem.kind, Kind::Busy);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_does_not_come_is_told_as_busy() {
    let auth = auth(&one_user());
    let _turns = Arc::clone(&auth.verifying).acquire_many_owned(2).await.unwrap();
    let problem = auth.check(&headers("ann", "right"), LOCAL).await.unwrap_err();
    assert_eq!(problem.kind, Kind::Busy);
}

// Paused: no guess waits too long for its turn, however long a hash takes.
#[tokio::test(start_paused = true)]
async fn a_right_guess_behind_many_wrong_ones_is_refused_too() {
    let auth = auth(&one_user());
    let turns = Arc::clone(&auth.verifying).acquire_many_owned(2).await.unwrap();
    // All of them wait for their turn before any was counted; the last one is right.
    let passwords = ["wrong"; 25].into_iter().chain(["right"]);
    let checks = passwords.map(|password| {
        let auth = Arc::clone(&auth);
        async move { auth.check(&headers("ann", password), LOCAL).await }
    });
    let all = futures_util::future::join_all(checks.collect::<Vec<_>>());
    let release = async { drop(turns) };
    let (mut answers, ()) = tokio::join!(all, release);
    let last = answers.pop().unwrap().unwrap_err();
    assert_eq!(last.kind, Kind::TooManyWrongPasswords);
    let challenged = answers
        .iter()
        .filter(|answer| answer.as_ref().is_err_and(|problem| problem.kind == Kind::Unauthorized));
    assert_eq!(challenged.count(), 19);
}

#[tokio::test]
async fn what_is_remembered_is_bounded_by_the_users() {
    let auth = auth(&one_user());
    for password in ["right", "wrong", "right", "other"] {
        let _ = auth.check(&headers("ann", password), LOCAL).await;
        let _ = auth.check(&headers("bob", password), LOCAL).await;
    }
    assert_eq!(auth.current().remembered(), 1);
}

#[tokio::test]
async fn two_runs_remember_by_different_digests() {
    let (one, two) = (auth(&Users::default()), auth(&Users::default()));
    assert_ne!(one.key.digest(b"a:b"), two.key.digest(b"a:b"));
    assert!(!format!("{one:?}").contains("key: Key("), "the key is not shown");
    assert_eq!(one.check(&headers("jenny", "1234"), LOCAL).await.unwrap().role, Role::Operator);
}

#[tokio::test]
async fn default_credentials_are_wrong_behind_a_proxy() {
    let auth = auth(&Users::default());
    for name in ["forwarded", "via", "x-real-ip", "x-forwarded-for", "x-forwarded-proto"] {
        let mut headers = headers("jenny", "1234");
        headers.insert(name, "x".parse().unwrap());
        let problem = auth.check(&headers, LOCAL).await.unwrap_err();
        assert_eq!(problem.kind, Kind::Unauthorized, "{name}");
        assert!(problem.detail.contains("through a proxy"), "{}", problem.detail);
    }
    let mut other = headers("jenny", "1234");
    other.insert("x-request-id", "x".parse().unwrap());
    assert_eq!(auth.check(&other, LOCAL).await.unwrap().role, Role::Operator);
}

#[tokio::test]
async fn a_user_ends_the_default_credentials_for_ever() {
    let auth = auth(&Users::default());
    let handle = auth.handle();
    assert!(handle.takes_default_user());
    handle.end_default_user();
    assert!(!handle.takes_default_user() && auth.lets_nobody_in());
    assert!(auth.check(&headers("jenny", "1234"), LOCAL).await.is_err());
    handle.reload(&Users::default()).unwrap();
    assert!(auth.check(&headers("jenny", "1234"), LOCAL).await.is_err());
    handle.reload(&one_user()).unwrap();
    assert_eq!(handle.reload(&Users::default()), Err(NoUsers));
    assert_eq!(auth.check(&headers("ann", "right"), LOCAL).await.unwrap().role, Role::Reader);
}

#[tokio::test]
async fn a_session_ends_with_its_users_entry_and_not_before() {
    let auth = auth(&Users::default());
    let handle = auth.handle();
    let jenny = auth.check(&headers("jenny", "1234"), LOCAL).await.unwrap();
    handle.reload(&Users::default()).unwrap();
    assert!(jenny.is_default && !jenny.ended.is_cancelled());
    handle.reload(&one_user()).unwrap();
    assert!(jenny.ended.is_cancelled(), "the default user is gone");

    let users = one_user();
    let ann = users.as_slice()[0].clone();
    let bob = User { name: "bob".to_owned(), ..ann.clone() };
    let both = Users::new(vec![ann.clone(), bob.clone()]).unwrap();
    handle.reload(&both).unwrap();
    let of_ann = auth.check(&headers("ann", "right"), LOCAL).await.unwrap();
    let of_bob = auth.check(&headers("bob", "right"), LOCAL).await.unwrap();
    let writer = User { role: Role::Writer, ..ann };
    handle.reload(&Users::new(vec![writer, bob]).unwrap()).unwrap();
    assert!(of_ann.ended.is_cancelled(), "another role");
    assert!(!of_bob.ended.is_cancelled());
    // A session that began before the reload and one that begins after it end together.
    let again = auth.check(&headers("bob", "right"), LOCAL).await.unwrap();
    handle.reload(&both).unwrap();
    assert!(!again.ended.is_cancelled());
    handle.reload(&one_user()).unwrap();
    assert!(of_bob.ended.is_cancelled() && again.ended.is_cancelled(), "removed");
}

#[tokio::test(start_paused = true)]
async fn default_credentials_are_told_of_every_hour_while_they_count() {
    let auth = auth(&Users::default());
    let told = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (teller, count) = (Arc::clone(&auth), Arc::clone(&told));
    let telling = tokio::spawn(async move {
        let add = || {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        teller.remind_of_default_user(add).await;
    });
    tokio::time::sleep(Duration::from_secs(2 * 3_600 + 60)).await;
    assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), 3);
    auth.handle().reload(&one_user()).unwrap();
    telling.await.unwrap();
    assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), 3);
}
