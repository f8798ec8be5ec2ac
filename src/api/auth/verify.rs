//! Who is calling: verified once by argon2, then by one keyed hash a request.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use argon2::password_hash::try_generate_salt;
use http::header::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::basic::{Credentials, NoCredentials};
use super::generation::Generation;
use super::session::Session;
use super::throttle::{Claim, Throttle};
use super::users::Users;
use crate::api::http::problem::{Kind, Problem};

/// Passwords that are verified at the same time; each takes 19 MiB and about 50 ms
/// of one core with the default costs.
const MAX_VERIFYING: usize = 2;

/// How long a request waits to be verified; then 503.
const VERIFY_WAIT: Duration = Duration::from_secs(10);

/// How long a request of a throttled source waits for its turn; then 429.
const TURN_WAIT: Duration = Duration::from_secs(5);

/// The name and password of a node of the original program. They count as
/// [`ApiConfig::default_user`](crate::api::ApiConfig::default_user) says.
const DEFAULT_CREDENTIALS: &[u8] = b"jenny:1234";

/// How often the log says that the default credentials count.
const REMIND_EVERY: Duration = Duration::from_secs(3_600);

/// Knows the users, and which credentials were found right.
#[derive(Debug)]
pub(in crate::api) struct Auth {
    key: Key,
    /// What is remembered of the default credentials.
    default_digest: [u8; 32],
    current: RwLock<Arc<Generation>>,
    throttle: Arc<Throttle>,
    verifying: Arc<Semaphore>,
}

/// A reload would leave nobody who may call.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the new list of users is empty; to remove the last user, stop the node")]
pub struct NoUsers;

/// Replaces the users of a running API.
#[derive(Clone, Debug)]
pub struct AuthHandle(Arc<Auth>);

/// Turns credentials into what is remembered of them.
struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Credentials that were not verified yet.
struct Attempt {
    credentials: Credentials,
    digest: [u8; 32],
    claim: Claim,
}

impl AuthHandle {
    /// Replaces the present users by these. Credentials that were verified stay so, unless
    /// the entry of their user is another one now; then the user's long-lived requests end.
    ///
    /// # Errors
    /// When there are users and would be none; then the present ones stay.
    pub fn reload(&self, users: &Users) -> Result<(), NoUsers> {
        let mut current = self.0.current.write().unwrap_or_else(PoisonError::into_inner);
        if users.is_empty() && current.has_users() {
            return Err(NoUsers);
        }
        *current = Arc::new(current.followed_by(users, current.takes_default_user()));
        Ok(())
    }

    /// Whether the default credentials count.
    pub fn takes_default_user(&self) -> bool {
        self.0.current().takes_default_user()
    }

    /// From now on the default credentials are wrong: somebody made a user.
    pub fn end_default_user(&self) {
        let mut current = self.0.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.takes_default_user() {
            *current = Arc::new(current.followed_by(&Users::default(), false));
        }
    }
}

impl Auth {
    /// Knows these users; without any, the default one if it is allowed.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(in crate::api) fn new(users: &Users, default_user: bool) -> io::Result<Arc<Self>> {
        let mut key = [0; 32];
        let (left, right) = key.split_at_mut(16);
        for half in [left, right] {
            half.copy_from_slice(&try_generate_salt().map_err(io::Error::other)?);
        }
        let key = Key(key);
        let generation = Generation::new(users, default_user);
        Ok(Arc::new(Self {
            default_digest: key.digest(DEFAULT_CREDENTIALS),
            current: RwLock::new(Arc::new(generation)),
            key,
            throttle: Arc::default(),
            verifying: Arc::new(Semaphore::new(MAX_VERIFYING)),
        }))
    }

    /// Calls `remind` now and every hour while the default credentials count.
    pub(in crate::api) async fn remind_of_default_user(&self, remind: impl Fn()) {
        let mut hours = tokio::time::interval(REMIND_EVERY);
        loop {
            hours.tick().await;
            // What ended them does not bring them back.
            if !self.current().takes_default_user() {
                return;
            }
            remind();
        }
    }

    /// Whether nobody can call: there is no user, and the default credentials do not count.
    pub(in crate::api) fn lets_nobody_in(&self) -> bool {
        let current = self.current();
        !current.has_users() && !current.takes_default_user()
    }

    fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(in crate::api) fn handle(self: &Arc<Self>) -> AuthHandle {
        AuthHandle(Arc::clone(self))
    }

    /// Who sent these headers.
    ///
    /// # Errors
    /// 401, 429 when too many wrong passwords came from the address and no turn came,
    /// 503 when too many others wait to be verified.
    pub(in crate::api) async fn check(
        self: &Arc<Self>,
        headers: &HeaderMap,
        address: IpAddr,
    ) -> Result<Session, Problem> {
        let credentials = Credentials::read(headers).map_err(no_credentials)?;
        let digest = self.key.digest(credentials.text());
        let current = self.current();
        if let Some(session) = current.default_session()
            && bool::from(digest.ct_eq(&self.default_digest))
        {
            return if is_forwarded(headers) {
                Err(self.refuse(&Claim { source: address.into(), user: None }, FORWARDED))
            } else {
                Ok(session)
            };
        }
        if let Some(session) = current.known(&digest) {
            return Ok(session);
        }
        let claim = current.claim(&credentials, address.into());
        self.verify(Attempt { credentials, digest, claim }).await
    }

    async fn verify(self: &Arc<Self>, attempt: Attempt) -> Result<Session, Problem> {
        let throttled_for = self.throttle.throttled(attempt.claim.source, now());
        if !self.current().has_users() {
            // There is no password to compare with.
            return Err(throttled_for.map_or_else(|| self.wrong(&attempt), throttled));
        }
        if throttled_for.is_some()
            && let Some(session) = self.turn(&attempt).await?
        {
            return Ok(session);
        }
        let verifying = Arc::clone(&self.verifying).acquire_owned();
        let Ok(Ok(verifying)) = tokio::time::timeout(VERIFY_WAIT, verifying).await else {
            let detail = "too many passwords are waiting to be verified; try again later";
            return Err(Problem::new(Kind::Busy, detail).retry_after(VERIFY_WAIT));
        };
        let auth = Arc::clone(self);
        // Counted over there: a client that leaves early saves nothing by it.
        let result = tokio::task::spawn_blocking(move || {
            let _verifying = verifying;
            auth.verify_now(&attempt, throttled_for.is_some())
        });
        result.await.unwrap_or_else(|_| Err(Problem::internal()))
    }

    /// Waits for the turn of an attempt whose source is throttled. Returns a session if the same
    /// credentials were found right meanwhile.
    async fn turn(&self, attempt: &Attempt) -> Result<Option<Session>, Problem> {
        let end = now().checked_add(TURN_WAIT);
        let queue = self.throttle.queue(attempt.claim.clone());
        let waiting = queue.ok_or_else(|| throttled(Duration::from_secs(1)))?;
        loop {
            if let Some(session) = self.current().known(&attempt.digest) {
                return Ok(Some(session));
            }
            match waiting.turn(now()) {
                Ok(()) => return Ok(None),
                Err(rest) if now().checked_add(rest) > end => return Err(throttled(rest)),
                Err(rest) => tokio::time::sleep(rest).await,
            }
        }
    }

    fn verify_now(&self, attempt: &Attempt, has_turn: bool) -> Result<Session, Problem> {
        // While this one waited, the users may have been replaced, the same credentials
        // verified, or the source throttled.
        let current = self.current();
        if let Some(session) = current.known(&attempt.digest) {
            return Ok(session);
        }
        let throttled_for = self.throttle.throttled(attempt.claim.source, now());
        if let Some(wait) = throttled_for.filter(|_| !has_turn) {
            return Err(throttled(wait));
        }
        current.verify(&attempt.credentials, attempt.digest).ok_or_else(|| self.wrong(attempt))
    }

    /// Counts wrong credentials, and says why they are wrong.
    fn wrong(&self, attempt: &Attempt) -> Problem {
        let is_text = std::str::from_utf8(attempt.credentials.text()).is_ok();
        self.refuse(&attempt.claim, if is_text { WRONG } else { NOT_UTF8 })
    }

    fn refuse(&self, claim: &Claim, why: &'static str) -> Problem {
        match self.throttle.count(claim, now()) {
            Some(wait) => throttled(wait),
            None => Problem::new(Kind::Unauthorized, why),
        }
    }
}

/// The time, which tests may hold still.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Key {
    /// Keyed, so that neither memory nor timing gives the password away.
    fn digest(&self, text: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(text).finalize().into()
    }
}

/// Whether a proxy says that it sent the request on for somebody else.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        ["forwarded", "via", "x-real-ip"].contains(&name) || name.starts_with("x-forwarded-")
    })
}

const WRONG: &str = "the name or the password is wrong";

const NOT_UTF8: &str = "the name or the password is wrong: they are not UTF-8, the encoding that this node reads; the client seems to send another one, such as Latin-1 (ISO-8859-1)";

const FORWARDED: &str = "the default user and password are not valid for a request that came through a proxy; add a user with `jenny user add NAME`";

fn no_credentials(reason: NoCredentials) -> Problem {
    let detail = match reason {
        NoCredentials::Missing => "send a user name and a password: Authorization: Basic ..",
        NoCredentials::Malformed => {
            "the Authorization header must be `Basic` followed by the Base64 encoding of name:password"
        }
    };
    Problem::new(Kind::Unauthorized, detail)
}

fn throttled(wait: Duration) -> Problem {
    let detail = "wait, then send the correct name and password; credentials that were verified before keep working";
    Problem::new(Kind::TooManyWrongPasswords, detail).retry_after(wait)
}

#[cfg(test)]
mod tests;
