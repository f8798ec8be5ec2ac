//! One set of users, and what was verified against it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use argon2::{Argon2, PasswordVerifier};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use super::basic::Credentials;
use super::session::Session;
use super::throttle::Claim;
use super::users::{Role, User, Users};
use crate::api::http::source::Source;

/// One set of users with what was verified against it. A reload starts a new one,
/// so that a removed user's password stops to work at once.
#[derive(Debug)]
pub(super) struct Generation {
    members: HashMap<Arc<str>, Member>,
    /// Verified against when the name is unknown, so that the time tells nothing.
    decoy: Option<User>,
    /// By the digest's first bytes. At most one entry a user.
    verified: RwLock<HashMap<[u8; 8], Verified>>,
    /// Of the default user, if the default credentials count. Never with a user.
    default_user: Option<Session>,
}

/// A user.
#[derive(Clone, Debug)]
struct Member {
    user: User,
    /// Shared by all sets that have this very entry.
    ended: CancellationToken,
}

#[derive(Clone, Debug)]
struct Verified {
    digest: [u8; 32],
    session: Session,
}

impl Generation {
    pub(super) fn new(users: &Users, default_user: bool) -> Self {
        let users = users.as_slice();
        let members = users.iter().map(|user| {
            let member = Member { user: user.clone(), ended: CancellationToken::new() };
            (user.name.as_str().into(), member)
        });
        let is_default = default_user && users.is_empty();
        Self {
            members: members.collect(),
            decoy: users.first().cloned(),
            verified: RwLock::default(),
            default_user: is_default.then(|| Session {
                role: Role::Operator,
                is_default,
                ended: CancellationToken::new(),
            }),
        }
    }

    /// Returns the set that replaces this one. Sessions of users that are the same in both go on
    /// and what was verified of them is remembered; all others end.
    pub(super) fn followed_by(&self, users: &Users, default_user: bool) -> Self {
        let mut fresh = Self::new(users, default_user);
        for (name, member) in &self.members {
            match fresh.members.get_mut(name) {
                Some(new) if new.user == member.user => new.ended = member.ended.clone(),
                _ => member.ended.cancel(),
            }
        }
        match (&self.default_user, &mut fresh.default_user) {
            (Some(before), Some(after)) => *after = before.clone(),
            (Some(before), None) => before.ended.cancel(),
            (None, _) => {}
        }
        let verified = self.verified.read().unwrap_or_else(PoisonError::into_inner);
        for entry in verified.values().filter(|entry| !entry.session.ended.is_cancelled()) {
            fresh.remember(entry.clone());
        }
        drop(verified);
        fresh
    }

    /// Whether there are users.
    pub(super) const fn has_users(&self) -> bool {
        self.decoy.is_some()
    }

    /// Whether the default credentials count.
    pub(super) const fn takes_default_user(&self) -> bool {
        self.default_user.is_some()
    }

    /// Returns the session of the default user, `None` if its credentials do not count.
    pub(super) fn default_session(&self) -> Option<Session> {
        self.default_user.clone()
    }

    /// Whom these credentials name.
    pub(super) fn claim(&self, credentials: &Credentials, source: Source) -> Claim {
        let user = self.members.get_key_value(credentials.name());
        Claim { source, user: user.map(|(name, _)| Arc::clone(name)) }
    }

    /// Returns the session of credentials that were verified before, `None` if they were not.
    pub(super) fn known(&self, digest: &[u8; 32]) -> Option<Session> {
        let verified = self.verified.read().unwrap_or_else(PoisonError::into_inner);
        let entry = verified.get(&prefix(digest))?;
        bool::from(entry.digest.ct_eq(digest)).then(|| entry.session.clone())
    }

    /// Verifies credentials, and remembers them by `digest` if they are right. Slow on purpose;
    /// never on an async worker.
    pub(super) fn verify(&self, credentials: &Credentials, digest: [u8; 32]) -> Option<Session> {
        let member = self.members.get(credentials.name());
        let hash = &member.map(|member| &member.user).or(self.decoy.as_ref())?.hash;
        let right =
            Argon2::default().verify_password(credentials.password(), hash.as_str()).is_ok();
        let Member { user, ended } = member.filter(|_| right)?;
        let session = Session { role: user.role, is_default: false, ended: ended.clone() };
        self.remember(Verified { digest, session: session.clone() });
        Some(session)
    }

    fn remember(&self, entry: Verified) {
        let mut verified = self.verified.write().unwrap_or_else(PoisonError::into_inner);
        verified.insert(prefix(&entry.digest), entry);
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.verified.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn prefix(digest: &[u8; 32]) -> [u8; 8] {
    digest.first_chunk().copied().unwrap_or_default()
}
