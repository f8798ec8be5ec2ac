//! What an operator chooses about the API.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::auth::users::Users;
use super::http::limits::Limits;
use super::http::origins::CorsOrigins;
use super::http::proxies::TrustedProxies;
use super::log_level::LogLevel;
use crate::tls::Credentials;

/// How the API listens, whom it serves and within which limits.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Where to listen; port 0 picks a free port. Default `127.0.0.1:3000`.
    pub listen: SocketAddr,
    /// What is shown on [`ApiConfig::listen`]; default none, for HTTP in clear text.
    pub tls: Option<Credentials>,
    /// Where to listen for HTTP in clear text beside HTTPS; default nowhere. Without
    /// [`ApiConfig::tls`] it is not used.
    pub plain_listen: Option<SocketAddr>,
    /// The certificates of all ports, by the port's name, that the status tells of.
    pub certificates: Vec<(&'static str, Credentials)>,
    /// Names besides `localhost` and IP literals by which clients may call this
    /// node (`Host`); letters in any case, without a port.
    pub hosts: Vec<String>,
    /// Proxies whose word counts for whom a request is. Default none.
    pub trusted_proxies: TrustedProxies,
    /// Web origins whose pages may call this node, but never as the default user. Default none.
    pub cors_origins: CorsOrigins,
    /// Who may call. With none, the default user may where [`ApiConfig::default_user`]
    /// and the other settings let it.
    pub users: Users,
    /// Whether `jenny` with password `1234` may call while there are no users: to be
    /// false once a user was made. It never counts on an address beyond loopback, with
    /// [`ApiConfig::hosts`] or [`ApiConfig::trusted_proxies`], or for a request that was forwarded. Default true.
    pub default_user: bool,
    /// JSON array of peer addresses, read by `POST /addPeers`.
    pub peers_file: PathBuf,
    /// Whether that file must exist; a missing one counts as an empty list otherwise.
    pub peers_required: bool,
    /// Whether the run before this one did not stop in order, for the metrics. Default false.
    pub unclean_start: bool,
    /// Limits and timeouts.
    pub limits: Limits,
    /// The level of the log. Default one that stays as it is.
    pub log_level: LogLevel,
}

/// Why the API must not start as configured.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Everybody knows the default password.
    #[error(
        "`{key}`: the API would listen on {listen} with the default user and password; add a user, or listen on 127.0.0.1"
    )]
    DefaultCredentials {
        /// The address that other machines can connect to.
        listen: SocketAddr,
        /// The setting that has it.
        key: &'static str,
    },
}

/// Why the API does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// [`ApiConfig::listen`] cannot be listened on.
    #[error("it cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// [`ApiConfig::plain_listen`] cannot be listened on.
    #[error("it cannot listen on {0}")]
    PlainListen(SocketAddr, #[source] io::Error),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom(#[source] io::Error),
}

impl ApiConfig {
    /// Whether the API may start so.
    ///
    /// # Errors
    /// When other machines could call with the default credentials.
    pub fn check(&self) -> Result<(), ConfigError> {
        let plain = self.plain_listen.map(|listen| (listen, "api.plain_listen"));
        let mut ports = [(self.listen, "api.listen")].into_iter().chain(plain);
        match ports.find(|(listen, _)| !is_local(*listen)).filter(|_| self.users.is_empty()) {
            Some((listen, key)) => Err(ConfigError::DefaultCredentials { listen, key }),
            None => Ok(()),
        }
    }

    /// Whether the default credentials count.
    pub(super) fn takes_default_user(&self) -> bool {
        let expects_others = !self.hosts.is_empty() || !self.trusted_proxies.is_empty();
        self.default_user && self.users.is_empty() && self.is_local() && !expects_others
    }

    /// Whether passwords may cross a network in clear text.
    pub(super) fn is_exposed(&self) -> bool {
        let plain = if self.tls.is_some() { self.plain_listen } else { Some(self.listen) };
        plain.is_some_and(|listen| !is_local(listen))
    }

    /// Whether only this machine can connect.
    pub(super) fn is_local(&self) -> bool {
        is_local(self.listen) && self.plain_listen.is_none_or(is_local)
    }
}

/// Whether only this machine can connect to an address.
fn is_local(listen: SocketAddr) -> bool {
    listen.ip().to_canonical().is_loopback()
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)),
            tls: None,
            plain_listen: None,
            certificates: Vec::new(),
            hosts: Vec::new(),
            trusted_proxies: TrustedProxies::default(),
            cors_origins: CorsOrigins::default(),
            users: Users::default(),
            default_user: true,
            peers_file: PathBuf::from("peers.json"),
            peers_required: false,
            unclean_start: false,
            limits: Limits::default(),
            log_level: LogLevel::default(),
        }
    }
}

#[cfg(test)]
mod tests;
