//! Asks a running node over REST.

mod agent;
mod ready;
mod trust;

use std::fmt;
use std::io::Read;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::{Method, Request, StatusCode};
use url::{Host, Url};

use super::args::RemoteArgs;
use super::exit::Failure;
use super::output::escape;
use super::paced::Paced;
use super::{password, terminal};
use agent::Waits;

/// How long a short answer may take in all.
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);

/// Most bytes that are read of a status. 1 MiB of memory.
const MAX_REPLY_BYTES: u64 = 1 << 20;

/// Most bytes that are read of a problem, which is a few hundred: less than [`Paced`] asks for in
/// one stretch, so that it bounds the time too.
const MAX_PROBLEM_BYTES: u64 = 32 << 10;

/// Most characters that are shown of what a node says of its refusal.
const MAX_DETAIL_CHARS: usize = 300;

/// The user of a node that has no users configured.
const DEFAULT_USER: &str = "jenny";

/// That user's password, which everybody knows: it is only ever sent to this machine.
const DEFAULT_PASSWORD: &str = "1234";

/// How a caller names itself.
const CREDENTIALS_HINT: &str =
    "give --user NAME and --password-file FILE, or set JENNY_USER and JENNY_PASSWORD";

/// Asks somebody for what is not shown.
type Ask<'a> = &'a dyn Fn(&str) -> Result<String>;

/// A running node.
pub struct Remote {
    agent: ureq::Agent,
    base: Url,
    authorization: String,
    /// Whether the default credentials are sent.
    is_default: bool,
    /// The flag that names the address.
    flag: &'static str,
}

/// What is read of a refusal (RFC 9457).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    r#type: String,
    title: String,
    detail: String,
}

impl fmt::Debug for Remote {
    /// Without the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Remote {
    /// Checks the address and finds the credentials, for which it may ask at a terminal. Nothing is
    /// sent yet.
    ///
    /// # Errors
    /// When the address is none, there is no password, or no CA to trust.
    pub fn new(url: &str, args: &RemoteArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        Self::of_flag("--url", url, args, env)
    }

    /// As [`Remote::new`], for a command whose flag for the address has another name.
    ///
    /// # Errors
    /// As [`Remote::new`].
    pub fn of_flag(
        flag: &'static str,
        url: &str,
        args: &RemoteArgs,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let ask: Option<Ask<'_>> =
            if terminal::is_there() { Some(&terminal::ask_secret) } else { None };
        Self::with(flag, url, args, env, ask)
    }

    fn with(
        flag: &'static str,
        url: &str,
        args: &RemoteArgs,
        env: &dyn Fn(&str) -> Option<String>,
        ask: Option<Ask<'_>>,
    ) -> Result<Self> {
        let base = parse(flag, url)?;
        let password = match (&args.password_file, env("JENNY_PASSWORD")) {
            (Some(file), _) => Some(password::read(file)?),
            (None, password) => password,
        };
        let user = args.user.as_deref().unwrap_or(DEFAULT_USER);
        let is_default = password.is_none() && args.user.is_none() && is_loopback(&base);
        let password = match (password, ask) {
            (Some(password), _) => password,
            // Only where no user was named: the name of a user is not its password.
            (None, _) if is_default => DEFAULT_PASSWORD.to_owned(),
            (None, Some(ask)) => {
                let name = base.as_str().trim_end_matches('/');
                ask(&format!("password of {} at {name}: ", escape(user)))?
            }
            (None, None) => {
                return Err(Failure::usage(format!("no password for user `{user}` of {base}"))
                    .hint("give --password-file FILE, or set JENNY_PASSWORD")
                    .into());
            }
        };
        let authorization = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let agent = agent::new(trust::config(&base, args.ca.as_deref())?, &Waits::USUAL);
        Ok(Self { agent, base, authorization, is_default, flag })
    }

    /// Waits no longer than this for anything, where https is not needed.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub fn waiting_at_most(mut self, wait: Duration) -> Self {
        let waits = Waits { connect: wait, head: wait, read: wait };
        self.agent = agent::new(ureq::tls::TlsConfig::default(), &waits);
        self
    }

    /// The node's address.
    pub(super) fn name(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// The response to `GET path`, to be read as it arrives, `None` if the node says there is
    /// no such thing.
    pub(super) fn stream(&self, path: &str) -> Result<Option<impl Read + Send + 'static>> {
        self.ask(path, None)
    }

    /// A stream of events, in which a node says something at least every 15 seconds; `None` if
    /// there is no place for another one.
    pub(super) fn events(&self, path: &str) -> Result<Option<impl Read + Send + use<>>> {
        let url = format!("{}{path}", self.name());
        let answer = self.agent.get(&url).header("Authorization", &self.authorization).call();
        let answer = answer.map_err(|error| self.unanswered(error))?;
        let status = answer.status();
        let body = answer.into_body().into_with_config().limit(u64::MAX).reader();
        match status {
            StatusCode::OK => Ok(Some(body)),
            StatusCode::NO_CONTENT => Ok(None),
            _ => Err(self.refused(status, Paced::new(body)).into()),
        }
    }

    /// The answer to `GET path`, of which all must have come by the deadline if there is one.
    fn ask(
        &self,
        path: &str,
        deadline: Option<Duration>,
    ) -> Result<Option<impl Read + Send + use<>>> {
        let url = format!("{}{path}", self.name());
        let request = self.agent.get(&url).header("Authorization", &self.authorization);
        let answer = request.config().timeout_global(deadline).build().call();
        let answer = answer.map_err(|error| self.unanswered(error))?;
        let status = answer.status();
        let body = Paced::new(answer.into_body().into_with_config().limit(u64::MAX).reader());
        if status == StatusCode::OK {
            return Ok(Some(body));
        }
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Err(self.refused(status, body).into())
    }

    /// The whole response to `GET path`, `None` if the node says there is no such thing.
    pub(super) fn get(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>> {
        let Some(body) = self.ask(path, Some(REPLY_TIMEOUT))? else { return Ok(None) };
        let mut bytes = Vec::new();
        body.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| {
            Failure::no(format!("the response of {} ended early", self.name()))
                .because(error)
                .may_pass()
                .hint("check the network, and run the same command again")
        })?;
        if bytes.len() as u64 > max {
            return Err(Failure::no(format!("{} sent a response that is too long", self.name()))
                .hint(self.no_node_hint())
                .into());
        }
        Ok(Some(bytes))
    }

    /// The whole response to `GET path`, which every node has but an older one.
    pub(super) fn get_known(&self, path: &str, max: u64) -> Result<Vec<u8>> {
        self.get(path, max)?.ok_or_else(|| {
            let route = path.split('?').next().unwrap_or(path);
            Failure::no(format!("{} has no {route}: it is an older node", self.name())).into()
        })
    }

    /// The JSON that the node sent.
    pub(super) fn parse(&self, answer: &[u8]) -> Result<Value> {
        serde_json::from_slice(answer).map_err(|error| {
            Failure::no(format!("{} sent invalid JSON", self.name()))
                .because(error)
                .hint(self.no_node_hint())
                .into()
        })
    }

    /// Changes something: the answer's body. A refusal says what the node says.
    pub(super) fn change(
        &self,
        method: Method,
        path: &str,
        json: Option<String>,
    ) -> Result<Vec<u8>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.name()))
            .header("Authorization", &self.authorization);
        if json.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        let answer = self.agent.run(request.body(json.unwrap_or_default())?);
        let answer = answer.map_err(|error| self.unanswered(error))?;
        let status = answer.status();
        let body = Paced::new(answer.into_body().into_with_config().limit(u64::MAX).reader());
        if !status.is_success() {
            return Err(self.refused(status, body).into());
        }
        let mut bytes = Vec::new();
        body.take(MAX_REPLY_BYTES)
            .read_to_end(&mut bytes)
            .with_context(|| format!("the response of {} ended early", self.name()))?;
        Ok(bytes)
    }

    /// What to do where something else than a node seems to respond.
    pub(super) fn no_node_hint(&self) -> String {
        format!(
            "check that a node responds there, and that no proxy changes what it sends; give the \
             address of a node with {}",
            self.flag
        )
    }

    fn unanswered(&self, error: ureq::Error) -> Failure {
        if let Some(failure) = trust::failure(self.name(), self.flag, &error) {
            return failure;
        }
        Failure::no(format!("no node responds at {}", self.name()))
            .because(error)
            .may_pass()
            .hint(format!("check that the node is running, or give its address with {}", self.flag))
    }

    fn refused(&self, status: StatusCode, body: impl Read) -> Failure {
        let mut text = Vec::new();
        // What is cut off is no JSON, and says nothing.
        let read = body.take(MAX_PROBLEM_BYTES).read_to_end(&mut text);
        let problem = read.ok().and_then(|_| serde_json::from_slice(&text).ok());
        let problem: Problem = problem.unwrap_or_default();
        let advice = advice_of(&problem.r#type);
        let said = match advice {
            _ if problem.detail.is_empty() => problem.title,
            Some(_) => without_routes(&problem.detail),
            None => problem.detail,
        };
        let said: String = escape(&said).chars().take(MAX_DETAIL_CHARS).collect();
        let reason = if said.is_empty() { String::new() } else { format!(": {said}") };
        let failure = Failure::no(format!("{} responded with {status}{reason}", self.name()));
        let failure = advice.iter().fold(failure, |failure, &advice| failure.hint(advice));
        match status {
            StatusCode::UNAUTHORIZED if self.is_default => failure
                .hint("the default user and password, which were sent, are not accepted there")
                .hint(CREDENTIALS_HINT),
            StatusCode::UNAUTHORIZED => failure.hint(CREDENTIALS_HINT),
            StatusCode::TOO_MANY_REQUESTS => failure.may_pass(),
            _ if status.is_server_error() => failure.may_pass(),
            StatusCode::UPGRADE_REQUIRED if trust::wants_tls(&text) => {
                failure.hint("this port speaks TLS: write https:// instead of http://")
            }
            _ if said.is_empty() => failure.hint(format!(
                "this may be the port for peers, not the REST API; give the API's address with {}",
                self.flag
            )),
            _ => failure,
        }
    }

    /// The node's status.
    pub(super) fn status(&self) -> Result<Vec<u8>> {
        let answer = self.get("/v1/status", MAX_REPLY_BYTES)?;
        answer.ok_or_else(|| {
            Failure::no(format!("{} is not a jenny node: it has no /v1/status", self.name()))
                .hint(self.no_node_hint())
                .into()
        })
    }
}

/// What to do about a refusal on the command line, where its detail names routes.
fn advice_of(problem: &str) -> Option<&'static str> {
    Some(match problem.strip_prefix("urn:jenny:problem:")? {
        "peer-unreachable" => "`jenny peer list` shows why, and when it is tried again",
        "peer-of-other-chain" => {
            "compare the chains by `jenny status --json` of both nodes; `jenny peer remove` forgets \
             this peer, and a node gets another chain in another --data-dir"
        }
        "peer-not-found" => "`jenny peer list` shows the addresses as they must be written",
        "ban-not-found" => "`jenny peer list` shows the bans",
        "pool-full" => "the pool empties as blocks are mined; `jenny status` shows it",
        "position-gone" => {
            "read the chain anew (`jenny dump --url`) and continue at its tip: remove the \
             position file, or leave out --after"
        }
        "too-many-bans" => "`jenny peer unban` ends a ban",
        _ => return None,
    })
}

/// A detail without its parts that advise to call a route.
fn without_routes(detail: &str) -> String {
    let parts: Vec<_> = detail.split("; ").filter(|part| !part.contains("/v1/")).collect();
    parts.join("; ")
}

fn parse(flag: &str, text: &str) -> Result<Url> {
    // Before an `@` there may be credentials, which a message must not repeat.
    let shown = if text.contains('@') { "this" } else { &format!("`{text}`") };
    let bad = |reason: &str| {
        Failure::usage(format!("{shown} is not the address of a node: {reason}"))
            .hint(format!("write for example {flag} http://127.0.0.1:3000"))
    };
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(bad("the scheme must be http or https").into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The message must not repeat the password.
        return Err(Failure::usage(format!("{flag} must not contain credentials"))
            .hint(CREDENTIALS_HINT)
            .into());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("nothing may follow the port").into());
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
