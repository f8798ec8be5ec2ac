//! `jenny explore`: the explorer over a private copy of a stopped node's data directory.
//!
//! The copy is opened by a node without a miner and without peers, which refuses every change, so
//! that the routes and the pages are those of `jenny run`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::ArgMatches;
use clap::parser::ValueSource;
use tokio_util::sync::CancellationToken;

use super::args::{DEFAULT_URL, EvidenceArgs, ExploreArgs};
use super::evidence::{Evidence, MAX_NAMED_REPAIRS};
use super::exit::{self, Code, Failure};
use super::notice::notice;
use super::output::time_text;
use super::run::{LAST_WORDS, STOP_DEADLINE};
use super::signal::{Stops, Unfinished, end};
use super::{api_address, descriptors, offline, password};
use crate::api::{self, ApiConfig, BindError, Role, Server, User, Users};
use crate::node::{Links, Node, NodeConfig, NodeHandle, StoppedNode};
use crate::store::{Opened, Options, StoreError};

/// Who signs in unless the caller names somebody.
const AUDITOR: &str = "auditor";

/// Where the pages are served unless the caller names another address.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Runs the command until a signal ends it.
pub(super) fn run(args: &ExploreArgs, matches: &ArgMatches) -> Result<()> {
    let dir = directory(args, matches)?;
    let auditor = Auditor::of(args)?;
    let listen = args.listen.unwrap_or(SocketAddr::new(LOOPBACK, 0).into()).on(LOOPBACK);
    // Before anything is copied.
    drop(
        TcpListener::bind(listen)
            .map_err(|error| cannot_serve(BindError::Listen(listen, error)))?,
    );
    let users = vec![auditor.user.clone()];
    let users = Users::new(users).map_err(|error| Failure::usage(format!("--user: {error}")))?;
    let api = ApiConfig { listen, users, default_user: false, ..ApiConfig::default() };
    descriptors::provide(api.limits.sockets());
    let unfinished = Unfinished::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("the runtime cannot be started")?;
    let served = runtime.block_on(serve(dir, args.scratch.clone(), auditor, api, &unfinished));
    leave(&unfinished, served.map_or_else(|error| exit::report(&error), |()| Code::Done), "")
}

/// The directory that was named, in one way or the other.
fn directory(args: &ExploreArgs, matches: &ArgMatches) -> Result<PathBuf> {
    let Some(dir) = &args.dir else { return Ok(args.data_dir.path.clone()) };
    let source = matches.subcommand_matches("explore").and_then(|it| it.value_source("path"));
    if source == Some(ValueSource::CommandLine) {
        return Err(Failure::usage("both DIR and --data-dir are given")
            .hint("name the directory once")
            .into());
    }
    Ok(dir.clone())
}

/// Who may read.
struct Auditor {
    user: User,
    /// The password, where it was made for this run.
    password: Option<String>,
}

impl Auditor {
    fn of(args: &ExploreArgs) -> Result<Self> {
        if let (Some(name), Some(file)) = (&args.user, &args.password_file) {
            let user = password::user(name, &password::of_file(file)?, Role::Reader)?;
            return Ok(Self { user, password: None });
        }
        // As base64 for URLs has it.
        let password = api::random_password()?.replace('+', "-").replace('/', "_");
        let user = password::user(AUDITOR, &password, Role::Reader)?;
        Ok(Self { user, password: Some(password) })
    }

    /// What a browser on this machine opens.
    fn address(&self, listen: SocketAddr) -> String {
        let ip = match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => LOOPBACK,
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let address = SocketAddr::new(ip, listen.port());
        let credentials = self.password.as_ref();
        let credentials = credentials.map(|password| format!("{}:{password}@", self.user.name));
        format!("http://{}{address}/explorer/", credentials.unwrap_or_default())
    }
}

async fn serve(
    dir: PathBuf,
    scratch: Option<PathBuf>,
    auditor: Auditor,
    api: ApiConfig,
    unfinished: &Unfinished,
) -> Result<()> {
    let mut stops = Stops::listen_with_hangup()?;
    let config = NodeConfig { mines_pool: false, ..NodeConfig::default() };
    let read_at = (config.clock)();
    let (place, guard) = (dir.clone(), unfinished.clone());
    let opening = tokio::task::spawn_blocking(move || open(&place, scratch, &guard));
    let (evidence, opened) = tokio::select! {
        opened = opening => opened.context("internal error: the opening task panicked")??,
        _ = stops.next() => leave(unfinished, Code::Interrupted, "interrupted"),
    };
    let finding = evidence.check_repairs(&opened.repairs);
    let stopped = StoppedNode {
        directory: std::path::absolute(&dir).unwrap_or_else(|_| dir.clone()).display().to_string(),
        read_at,
        repairs: opened.repairs.iter().take(MAX_NAMED_REPAIRS).cloned().collect(),
    };
    let config = NodeConfig { stopped: Some(Arc::new(stopped)), ..config };
    let node = Node::start(opened, config, Links::none());
    let handle = node.handle();
    let server = Server::bind(api, handle.clone()).await.map_err(cannot_serve)?;
    tell(&dir, &handle, &auditor, finding.is_err());
    let address = auditor.address(server.local_addr());
    let printing = tokio::task::spawn_blocking(move || super::print(&address));
    let stop_serving = CancellationToken::new();
    let mut serving = tokio::spawn(server.run(stop_serving.clone()));
    tokio::select! {
        _ = stops.next() => {}
        failure = handle.failed() => {
            // Requests under way are told why, in a moment and not longer.
            stop_serving.cancel();
            drop(tokio::time::timeout(LAST_WORDS, &mut serving).await);
            // Here and now: the destructor of a database that failed may never return.
            leave(unfinished, exit::report(&failure.into()), "");
        }
        Err(error) = async { printing.await.context("internal error: printing panicked")? } => {
            return Err(error);
        }
        finished = &mut serving => {
            finished.context("internal error: the API task panicked")?;
            return Err(Failure::no("internal error: the API task ended early").into());
        }
    }
    stop_serving.cancel();
    let stop_node = tokio::task::spawn_blocking(|| node.stop());
    let stopping = async { tokio::join!(serving, stop_node) };
    tokio::select! {
        // Whatever is not done by then holds nothing that anybody needs.
        _ = tokio::time::timeout(STOP_DEADLINE, stopping) => finding,
        _ = stops.next() => leave(unfinished, Code::Interrupted, "interrupted"),
    }
}

/// Copies the directory and opens the copy.
fn open(
    dir: &Path,
    scratch: Option<PathBuf>,
    unfinished: &Unfinished,
) -> Result<(Evidence, Opened)> {
    if dir.is_file() {
        let name = dir.display();
        return Err(Failure::usage(format!("{name} is a file, not a data directory"))
            .hint(format!("import a chain file first: jenny import {name} --data-dir NEWDIR"))
            .into());
    }
    let args = EvidenceArgs { read_only: true, scratch };
    let evidence = Evidence::of(dir, &args, unfinished);
    let evidence = evidence.map_err(|error| match error.downcast_ref() {
        Some(locked @ StoreError::Locked { .. }) => in_use(dir, locked),
        _ => error,
    })?;
    // Nothing is added, so the disk needs no guard; and what the directory holds is shown,
    // however old its branches are.
    let options = Options {
        min_free_bytes: 0,
        branch_heights: u64::MAX,
        branch_bytes: u64::MAX,
        ..Options::default()
    };
    let opened = offline::open_with(evidence.dir(), &options);
    let opened = opened.map_err(|error| evidence.explain(error))?;
    Ok((evidence, opened))
}

/// A running node has an explorer of its own.
fn in_use(dir: &Path, error: &StoreError) -> anyhow::Error {
    let url = api_address::of_holder(dir, error).unwrap_or_else(|| DEFAULT_URL.to_owned());
    Failure::new(Code::Locked, error.to_string())
        .hint(format!("open the explorer of the running node: {url}/explorer/"))
        .into()
}

fn cannot_serve(error: BindError) -> Failure {
    Failure::no("the pages cannot be served")
        .because(error)
        .hint("choose another address with --listen; port 0 picks a free port")
}

/// What is shown, and how to see it.
fn tell(dir: &Path, node: &NodeHandle, auditor: &Auditor, has_finding: bool) {
    let (name, height) = (node.spec().name(), node.tip().header.height);
    notice(&format!("{}: chain {name}, height {height}", dir.display()));
    if let Some(stopped) = node.stopped() {
        notice(&format!("as it was at {}, read-only", time_text(stopped.read_at)));
    }
    if has_finding {
        notice("warning: the copy had to be repaired to open it; the pages say how");
    }
    if auditor.password.is_none() {
        notice(&format!("sign in as {}", auditor.user.name));
    }
    notice("open this address in a browser; Ctrl-C ends it and removes the copy:");
}

/// Removes the copy and ends the process.
fn leave(unfinished: &Unfinished, code: Code, why: &str) -> ! {
    unfinished.remove();
    end(code, why)
}
