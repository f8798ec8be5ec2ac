//! The certificates of a running node: loaded at its start, reread on SIGHUP, and their ends warned
//! of.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use tokio::signal::unix::Signal;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::exit::Failure;
use super::output::time_text;
use crate::chain::Timestamp;
use crate::tls::{Credentials, TlsError, TlsFiles};

/// How often the log names a certificate that is to be renewed.
const WARN_OF_EXPIRY_EVERY: Duration = Duration::from_secs(86_400);

/// The credentials of the node's ports, by their names.
pub(super) type PortCredentials = Vec<(&'static str, Credentials)>;

/// Loads the files of a port, if it has any.
pub(super) fn load(files: Option<&TlsFiles>) -> Result<Option<Credentials>> {
    let load = |files: &TlsFiles| Credentials::load(files.clone()).map_err(|error| failure(&error));
    Ok(files.map(load).transpose()?)
}

/// A file that cannot be used, as a command's failure.
pub(super) fn failure(error: &TlsError) -> Failure {
    Failure::usage(error.to_string()).hint(error.advice.as_str())
}

/// Reads every certificate again. One that cannot be used leaves the present one in use.
async fn reload(ports: &PortCredentials) {
    for (port, credentials) in ports {
        let (port, credentials) = (*port, credentials.clone());
        let reloading = tokio::task::spawn_blocking(move || match credentials.reload() {
            Ok(()) => {
                let file = credentials.file().display();
                let end = end_text(credentials.certificate().not_after);
                tracing::info!("{file} loaded for {port}: valid until {end}");
            }
            Err(error) => tracing::error!(
                "the certificate of {port} could not be reloaded; the current one stays: {error}; {}",
                error.advice
            ),
        });
        let reloaded = reloading.await.context("internal error: the reading task panicked");
        if let Err(error) = reloaded {
            tracing::error!("{error:#}");
        }
    }
}

/// Rereads the certificates on SIGHUP, and names each one in the log that is to be renewed, at the
/// start and once a day. A task of its own, since a file system may not answer for a long time.
pub(super) async fn watch(ports: PortCredentials, mut hangups: Signal, stop: CancellationToken) {
    if ports.is_empty() {
        return;
    }
    let mut ticks = tokio::time::interval(WARN_OF_EXPIRY_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Some(()) = hangups.recv() => {
                stop.run_until_cancelled(reload(&ports)).await;
            }
            _ = ticks.tick() => warn_of_expiry(&ports),
        }
    }
}

fn warn_of_expiry(ports: &PortCredentials) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    for (port, credentials) in ports {
        let (file, certificate) = (credentials.file().display(), credentials.certificate());
        let end = end_text(certificate.not_after);
        if certificate.not_after < now {
            tracing::error!(
                "{file}, the certificate of {port}, expired at {end}: nobody can connect; replace it and send SIGHUP"
            );
        } else if certificate.renew_from() <= now {
            let days = (certificate.not_after - now) / 86_400;
            tracing::warn!(
                "{file}, the certificate of {port}, expires at {end}, in {days} days: replace it and send SIGHUP"
            );
        }
    }
}

/// A time in seconds since 1970, for people.
pub(super) fn end_text(seconds: u64) -> String {
    time_text(Timestamp::from_millis(seconds.saturating_mul(1_000)))
}
