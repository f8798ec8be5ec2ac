//! The users of a running node: those of the users' file and the one of the environment, kept up
//! to date.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::Signal;
use tokio::time::{Instant, MissedTickBehavior};

use super::exit::Failure;
use super::output::escape;
use super::password;
use super::service::Service;
use super::users::{FileState, UsersFile};
use crate::api::{AuthHandle, Role, User, Users};
use crate::node::AUDIT;

/// The variable that names a user of the node.
const USER_VARIABLE: &str = "JENNY_USER";

/// The variable that names the file with that user's password.
const PASSWORD_VARIABLE: &str = "JENNY_PASSWORD_FILE";

/// How often a node looks whether its users were changed.
const FIND_CHANGES_EVERY: Duration = Duration::from_secs(1);

/// How long after a failed reload the node reads the same users again: what failed may have been
/// the file system. A change is read at once.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The users of a node.
#[derive(Clone, Debug)]
pub(super) struct NodeUsers {
    file: UsersFile,
    /// The user of the environment, whose password was read once.
    of_environment: Option<User>,
    /// What the file was when the node read it first.
    state: Option<FileState>,
}

impl NodeUsers {
    /// Reads the user of the environment, if there is one.
    ///
    /// # Errors
    /// When its password cannot be read or set, or the users' file cannot be read.
    pub(super) fn of(file: UsersFile, env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self> {
        let state = file.state();
        let name = env(USER_VARIABLE).map(|name| name.to_string_lossy().into_owned());
        let of_environment = match (name, env(PASSWORD_VARIABLE)) {
            (Some(name), Some(path)) => of_environment(&file, &name, Path::new(&path))?,
            (None, Some(_)) => {
                tracing::warn!(
                    "{PASSWORD_VARIABLE} is set without {USER_VARIABLE}, so no user gets that password; set {USER_VARIABLE} as well, or unset it"
                );
                None
            }
            (_, None) => None,
        };
        Ok(Self { file, of_environment, state })
    }

    /// Reads the users: none only if none was ever made.
    ///
    /// # Errors
    /// As [`UsersFile::read`].
    pub(super) fn read(&self) -> Result<Users> {
        self.file.read(self.of_environment.as_ref())
    }

    /// Notes that there are users, which ends the default credentials for ever.
    ///
    /// # Errors
    /// When that cannot be written, or another process changes the users for too long.
    pub(super) fn note_made(&self) -> Result<()> {
        self.file.note_made()
    }

    /// Reads the users again on SIGHUP and when they were changed. A task of its own, since a file
    /// system may not respond for a long time: the node must still stop on a signal.
    pub(super) async fn keep(self, known: AuthHandle, mut hangups: Signal, service: Service) {
        let mut looks = tokio::time::interval(FIND_CHANGES_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = self.state.clone();
        let mut retry: Option<Instant> = None;
        let mut stuck = StuckChange::default();
        loop {
            tokio::select! {
                Some(()) = hangups.recv() => service.reloading().await,
                _ = looks.tick() => {
                    let file = self.file.clone();
                    let look = tokio::task::spawn_blocking(move || {
                        file.state().ok_or_else(|| file.change_under_way())
                    });
                    let state = match look.await {
                        Ok(Ok(state)) => state,
                        // While another process changes them, the next look finds the change.
                        Ok(Err(change)) => {
                            if let Some(warning) = stuck.note(change, Instant::now()) {
                                tracing::warn!("{warning}");
                            }
                            continue;
                        }
                        Err(_) => continue,
                    };
                    stuck = StuckChange::default();
                    let is_due = retry.is_some_and(|retry| retry <= Instant::now());
                    if last.replace(state.clone()) == Some(state) && !is_due {
                        continue;
                    }
                }
            }
            let worked = self.reload(&known).await;
            retry = (!worked).then(|| Instant::now() + RETRY_AFTER);
            // Ends what was announced as a reload; said twice it changes nothing.
            service.ready().await;
        }
    }

    /// Takes the users over; on an error the present ones stay. Returns whether it worked.
    async fn reload(&self, known: &AuthHandle) -> bool {
        let (known, of) = (known.clone(), self.clone());
        let reloading = tokio::task::spawn_blocking(move || {
            if known.takes_default_user() && of.file.was_made()? {
                // From now on, also if the file turns out to be wrong.
                known.end_default_user();
                tracing::info!(target: AUDIT, "the first user was added: the default user is disabled");
            }
            let users = of.read()?;
            known.reload(&users)?;
            let noted = if users.is_empty() { Ok(()) } else { of.file.note_made() };
            anyhow::Ok((users.as_slice().len(), noted))
        });
        let path = self.file.path().display();
        match reloading.await.context("internal error: the reading task panicked").flatten() {
            Ok((count, noted)) => {
                tracing::info!(target: AUDIT, "{path} loaded, users: {count}");
                if let Err(error) = &noted {
                    tracing::error!(
                        "the users are loaded, but that users were added cannot be noted: {error:#}"
                    );
                }
                noted.is_ok()
            }
            Err(error) => {
                tracing::error!(
                    "the users could not be reloaded; the current users stay: {error:#}"
                );
                false
            }
        }
    }
}

/// A change of the users by another process, which does not end.
#[derive(Debug, Default)]
struct StuckChange {
    since: Option<Instant>,
    is_told: bool,
}

impl StuckChange {
    /// Notes that a change is under way. Returns a warning, once, of one that takes too long.
    fn note(&mut self, change: Option<(Duration, String)>, now: Instant) -> Option<String> {
        let since = *self.since.get_or_insert(now);
        let (may_take, holder) = change?;
        if self.is_told || now.duration_since(since) < may_take {
            return None;
        }
        self.is_told = true;
        Some(format!(
            "{holder} holds users.lock: changes of the users take effect once it lets go; if it is \
             stuck, end it"
        ))
    }
}

/// The user that the environment names, `None` if the file lists that name: then the entry there
/// counts, with its role and password.
fn of_environment(file: &UsersFile, name: &str, path: &Path) -> Result<Option<User>> {
    let listed = file.listed()?;
    let (shown, list) = (escape(name), file.path().display());
    if listed.as_slice().iter().any(|user| user.name == name) {
        tracing::info!("{list} lists the user {shown} of {USER_VARIABLE}: the entry there counts");
        return Ok(None);
    }
    let password =
        password::of_file(path).with_context(|| format!("{PASSWORD_VARIABLE}, user {shown}"))?;
    let user = password::user(name, &password, Role::Operator)?;
    Users::new(vec![user.clone()])
        .map_err(|error| Failure::usage(format!("{USER_VARIABLE}: {error}")))?;
    tracing::info!("the user {shown} of {USER_VARIABLE} is an operator");
    Ok(Some(user))
}

#[cfg(test)]
mod tests;
