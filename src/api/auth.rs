//! Who is calling: verified once by argon2, then by one keyed hash a request.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use argon2::password_hash::try_generate_salt;
use argon2::{Argon2, PasswordVerifier};
use http::header::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::config::check_users;
use super::credentials::{Credentials, NoCredentials};
use super::problem::{Kind, Problem};
use super::throttle::{Source, Throttle};
use super::{ConfigError, Role, User, Users};

/// Passwords that are verified at the same time; each takes 19 MiB and about 50 ms
/// of one core with the default costs.
const MAX_VERIFYING: usize = 2;

/// How long a request waits for its turn to be verified; then 503.
const VERIFY_WAIT: Duration = Duration::from_secs(10);

/// What works while no users are configured: the seed's name and password.
const DEFAULT_CREDENTIALS: &[u8] = b"jenny:1234";

/// Knows the users, and which credentials were found right.
#[derive(Debug)]
pub(super) struct Auth {
    listen: SocketAddr,
    key: Key,
    current: RwLock<Arc<Generation>>,
    throttle: Throttle,
    verifying: Arc<Semaphore>,
}

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

/// One set of users with what was verified against it. A reload starts a new one,
/// so that a removed user's password stops to work at once.
#[derive(Debug)]
struct Generation {
    users: HashMap<String, User>,
    /// Verified against when the name is unknown, so that the time tells nothing.
    decoy: Option<User>,
    /// By the digest's first bytes. At most one entry a user, or the default one.
    verified: RwLock<HashMap<[u8; 8], Verified>>,
}

#[derive(Clone, Debug)]
struct Verified {
    digest: [u8; 32],
    role: Role,
    /// None for the default credentials.
    name: Option<String>,
}

impl AuthHandle {
    /// Takes these users instead of the present ones. Who was verified stays so, unless
    /// the entry of that user is another one now.
    ///
    /// # Errors
    /// When other machines could call with the default credentials; then the
    /// present users stay.
    pub fn reload(&self, users: &Users) -> Result<(), ConfigError> {
        check_users(self.0.listen, users)?;
        let fresh = Generation::new(users, &self.0.key);
        let mut current = self.0.current.write().unwrap_or_else(PoisonError::into_inner);
        fresh.take_over(&current);
        *current = Arc::new(fresh);
        Ok(())
    }
}

impl Auth {
    /// Knows `users`, for an API that listens on `listen`.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn new(listen: SocketAddr, users: &Users) -> io::Result<Arc<Self>> {
        let mut key = [0; 32];
        let (left, right) = key.split_at_mut(16);
        for half in [left, right] {
            half.copy_from_slice(&try_generate_salt().map_err(io::Error::other)?);
        }
        let key = Key(key);
        Ok(Arc::new(Self {
            listen,
            current: RwLock::new(Arc::new(Generation::new(users, &key))),
            key,
            throttle: Throttle::default(),
            verifying: Arc::new(Semaphore::new(MAX_VERIFYING)),
        }))
    }

    pub(super) fn handle(self: &Arc<Self>) -> AuthHandle {
        AuthHandle(Arc::clone(self))
    }

    /// Who sent these headers.
    ///
    /// # Errors
    /// 401, 429 for an address that sent too many wrong passwords, 503 when too
    /// many others wait to be verified.
    pub(super) async fn check(
        self: &Arc<Self>,
        headers: &HeaderMap,
        address: IpAddr,
    ) -> Result<Role, Problem> {
        let credentials = Credentials::read(headers).map_err(no_credentials)?;
        let digest = self.key.digest(credentials.text());
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        match current.known(&digest) {
            Some(role) => Ok(role),
            None => self.verify(current, credentials, digest, address.into()).await,
        }
    }

    async fn verify(
        self: &Arc<Self>,
        current: Arc<Generation>,
        credentials: Credentials,
        digest: [u8; 32],
        source: Source,
    ) -> Result<Role, Problem> {
        if let Some(wait) = self.throttle.refused(source, Instant::now()) {
            return Err(throttled(wait));
        }
        if current.decoy.is_none() {
            // Only the default credentials count, and these are not they.
            return Err(self.count_wrong(source));
        }
        let turn = Arc::clone(&self.verifying).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(VERIFY_WAIT, turn).await else {
            let detail = "too many passwords wait to be verified; try again later";
            return Err(Problem::new(Kind::Busy, detail).retry_after(VERIFY_WAIT));
        };
        let auth = Arc::clone(self);
        // Counted over there: a client that leaves early saves nothing by it.
        let verdict = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            auth.verify_now(&current, &credentials, digest, source)
        });
        verdict.await.unwrap_or_else(|_| Err(Problem::internal()))
    }

    fn verify_now(
        &self,
        current: &Generation,
        credentials: &Credentials,
        digest: [u8; 32],
        source: Source,
    ) -> Result<Role, Problem> {
        // While this one waited, the same credentials may have been verified, or
        // the address refused.
        if let Some(role) = current.known(&digest) {
            return Ok(role);
        }
        if let Some(wait) = self.throttle.refused(source, Instant::now()) {
            return Err(throttled(wait));
        }
        match current.verify(credentials) {
            Some(role) => {
                current.remember(digest, role, Some(credentials.name().to_owned()));
                Ok(role)
            }
            None => Err(self.count_wrong(source)),
        }
    }

    fn count_wrong(&self, source: Source) -> Problem {
        match self.throttle.count(source, Instant::now()) {
            Some(wait) => throttled(wait),
            None => Problem::new(Kind::Unauthorized, "the name or the password is wrong"),
        }
    }
}

impl Key {
    /// Keyed, so that neither memory nor timing gives the password away.
    fn digest(&self, text: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(text).finalize().into()
    }
}

impl Generation {
    fn new(users: &Users, key: &Key) -> Self {
        let users = users.as_slice();
        let generation = Self {
            users: users.iter().map(|user| (user.name.clone(), user.clone())).collect(),
            decoy: users.first().cloned(),
            verified: RwLock::default(),
        };
        if users.is_empty() {
            generation.remember(key.digest(DEFAULT_CREDENTIALS), Role::Operator, None);
        }
        generation
    }

    fn known(&self, digest: &[u8; 32]) -> Option<Role> {
        let verified = self.verified.read().unwrap_or_else(PoisonError::into_inner);
        let entry = verified.get(&prefix(digest))?;
        bool::from(entry.digest.ct_eq(digest)).then_some(entry.role)
    }

    fn remember(&self, digest: [u8; 32], role: Role, name: Option<String>) {
        let mut verified = self.verified.write().unwrap_or_else(PoisonError::into_inner);
        verified.insert(prefix(&digest), Verified { digest, role, name });
    }

    /// Remembers what `before` had verified of users that are the same in both.
    fn take_over(&self, before: &Self) {
        let verified = before.verified.read().unwrap_or_else(PoisonError::into_inner);
        for entry in verified.values() {
            let Some(name) = &entry.name else { continue };
            let user = self.users.get(name);
            if user.is_some() && user == before.users.get(name) {
                self.remember(entry.digest, entry.role, Some(name.clone()));
            }
        }
    }

    /// Slow on purpose; never on an async worker.
    fn verify(&self, credentials: &Credentials) -> Option<Role> {
        let user = self.users.get(credentials.name());
        let hash = &user.or(self.decoy.as_ref())?.hash;
        let right =
            Argon2::default().verify_password(credentials.password(), hash.as_str()).is_ok();
        user.filter(|_| right).map(|user| user.role)
    }
}

fn prefix(digest: &[u8; 32]) -> [u8; 8] {
    digest.first_chunk().copied().unwrap_or_default()
}

fn no_credentials(reason: NoCredentials) -> Problem {
    let detail = match reason {
        NoCredentials::Missing => "send a name and a password: Authorization: Basic ..",
        NoCredentials::Malformed => {
            "the Authorization header must be `Basic` and the Base64 of name:password"
        }
    };
    Problem::new(Kind::Unauthorized, detail)
}

fn throttled(wait: Duration) -> Problem {
    let detail = "wait, then call with the right name and password; credentials that were verified before keep working";
    Problem::new(Kind::TooManyWrongPasswords, detail).retry_after(wait)
}

#[cfg(test)]
mod tests;
