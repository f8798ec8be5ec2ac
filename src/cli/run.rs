//! `jenny run`: wires storage, node and API together, and takes them down in order.

mod mark;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinError;
use tokio::time::error::Elapsed;
use tokio_util::sync::CancellationToken;

use self::mark::RunMark;
use super::args::RunArgs;
use super::chain_choice::chain;
use super::config::{CONFIG_FILE, Settings};
use super::exit::{self, Code, Failure};
use super::node_users::NodeUsers;
use super::ports::Ports;
use super::service::Service;
use super::signal::{LevelSignal, Stops, end, never_stop_for_output};
use super::users::UsersFile;
use super::{api_address, certificates, descriptors, logging, peers, ports, syncing, variables};
use crate::api::{ApiConfig, Server, Users};
use crate::chain::Spec;
use crate::node::{LinkServer, Links, Node, NodeFailure, NodeHandle};
use crate::p2p::{Network, P2pConfig};
use crate::store::{Opened, Options, StoreError, exists, hold, open_held};

/// How long an orderly stop may take. What was acknowledged is on disk before it begins, so
/// after this the process ends all the same.
pub(super) const STOP_DEADLINE: Duration = Duration::from_millis(4_500);

/// How long the answers to requests under way may take when the node has failed.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(500);

/// Runs the node until a signal stops it or it fails.
pub(super) fn run(args: &RunArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    // Before the first thread starts.
    never_stop_for_output()?;
    let level_signal = LevelSignal::hold_back()?;
    let settings = Settings::load(args, env)?;
    let log_level = logging::start_node(settings.log_format, &settings.log_level)?;
    let toggled = log_level.clone();
    level_signal.on_each(move || toggled.toggle_debug())?;
    variables::warn_of_unknown();
    let wanted = settings.chain.as_deref().map(chain).transpose()?;
    check_unfounded(args)?;
    let file = settings.users_file(&args.data_dir.path)?;
    check_elsewhere(args, &file)?;
    let users = NodeUsers::of(file.clone(), &|name| std::env::var_os(name))?;
    let p2p = p2p_config(&settings, args)?;
    let mut api = ApiConfig { log_level, ..api_config(&settings, &file, users.read()?)? };
    let ports = [("api", &api.tls), ("p2p", &p2p.tls)].into_iter();
    api.certificates = ports.filter_map(|(port, tls)| Some((port, tls.clone()?))).collect();
    descriptors::provide(api.limits.sockets().saturating_add(p2p.sockets()));
    let service = Service::of(env);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("the runtime cannot be started")?;
    let code = match runtime.block_on(serve(
        &settings,
        &args.data_dir.path,
        wanted,
        users,
        api,
        p2p,
        service,
    )) {
        Ok(()) => Code::Done,
        Err(error) => exit::report(&error),
    };
    // A thread that still hangs in the database must not keep a finished process.
    end(code, "")
}

/// Whether the run before this one did not stop in order, which is told here.
fn warn_if_unclean(mark: &RunMark) -> bool {
    let is_unclean = mark.is_unclean();
    if is_unclean {
        tracing::warn!(
            "the run before this one did not stop in order: it failed, was killed, or the machine went down; its last log lines may say why"
        );
    }
    is_unclean
}

async fn serve(
    settings: &Settings,
    dir: &Path,
    wanted: Option<Spec>,
    users: NodeUsers,
    api: ApiConfig,
    p2p: P2pConfig,
    service: Service,
) -> Result<()> {
    let mut stops = Stops::listen()?;
    let hangup = || signal(SignalKind::hangup()).context("signals cannot be received");
    let (hangups, reloads) = (hangup()?, hangup()?);
    let mark = RunMark::of(dir);
    let noted = (!api.users.is_empty()).then(|| users.clone());
    let opening = open_or_stop(settings, wanted, noted, &mark, &service, &mut stops);
    let Some(opened) = opening.await? else { return Ok(()) };
    let spec = opened.spec.clone();
    warn_if_idle(settings);
    let api = ApiConfig { unclean_start: warn_if_unclean(&mark), ..api };
    let (links, link_server) = Links::channel();
    let node = Node::start(opened, settings.node.clone(), links);
    let handle = node.handle();
    let certificates = api.certificates.clone();
    let (api_tls, p2p_tls) = (api.tls.is_some(), p2p.tls.is_some());
    let certified = api.tls.as_ref().map_or_else(Vec::new, |tls| tls.certificate().names);
    let hosts = api.hosts.clone();
    let expects_peers = !p2p.peers.is_empty() || p2p.tls.is_some();
    let p2p_listen = peers::listen(settings.p2p_listen, expects_peers, &spec);
    let p2p = P2pConfig { listen: p2p_listen, ..p2p };
    let bound = bind(api, p2p, &handle, link_server).await;
    let (server, network) = match bound {
        Ok(bound) => bound,
        Err(failure) => {
            mark.withdraw().await;
            return Err(failure.into());
        }
    };
    let known = server.auth();
    let ports = Ports::of(&server, api_tls, &network, p2p_tls);
    ports.name();
    let stop_serving = CancellationToken::new();
    let mut networking = tokio::spawn(network.run(stop_serving.clone()));
    let mut serving = tokio::spawn(server.run(stop_serving.clone()));
    let showing = tokio::spawn(syncing::show(handle.clone(), stop_serving.clone()));
    let keeping_alive = tokio::spawn(service.clone().keep(handle.clone(), stop_serving.clone()));
    let reporting = tokio::spawn(logging::report(stop_serving.clone()));
    let watching = certificates::watch(certificates, reloads, stop_serving.clone());
    let watching = tokio::spawn(watching);
    api_address::leave(dir, Some(&ports.local_url(&certified, &hosts)));
    ports.announce(&spec, &handle.tip());
    service.ready().await;
    let mut keeping = tokio::spawn(users.keep(known, hangups, service.clone()));
    tokio::select! {
        name = stops.next() => {
            tracing::info!("{name}: stopping");
            service.stopping(&format!("{name}: stopping")).await;
        }
        failure = handle.failed() => {
            service.stopping(&failure.to_string()).await;
            // Requests under way are told why, in a moment and not longer.
            stop_serving.cancel();
            drop(tokio::time::timeout(LAST_WORDS, &mut serving).await);
            // Here and now: the destructor of a database that failed may never return.
            end(exit::report(&failure.into()), "");
        }
        finished = &mut serving => return ended("the API task", finished),
        finished = &mut networking => return ended("the peer networking task", finished),
        finished = &mut keeping => return ended("the task that reloads the users", finished),
    }
    let stopping = async {
        // Side by side: it is the node that answers the requests which wait to be mined.
        stop_serving.cancel();
        let stop_node = tokio::task::spawn_blocking(|| node.stop());
        let (api, peers, ended, shown, reported, kept, watched) = tokio::join!(
            serving,
            networking,
            stop_node,
            showing,
            reporting,
            keeping_alive,
            watching
        );
        watched.context("internal error: the task that watches certificates panicked")?;
        shown.context("internal error: the progress task panicked")?;
        kept.context("internal error: the task that notifies the service manager panicked")?;
        reported.context("internal error: the log reporting task panicked")?;
        api.context("internal error: the API task panicked")?;
        peers.context("internal error: the peer networking task panicked")?;
        anyhow::Ok(ended.context("internal error: the stopping task panicked")??)
    };
    tokio::select! {
        stopped = tokio::time::timeout(STOP_DEADLINE, stopping) => {
            // A database that failed meanwhile may never stop, which is no orderly end.
            let failing = tokio::time::timeout(Duration::ZERO, handle.failed());
            if stopped.is_err()
                && let Ok(failure) = failing.await
                && !matches!(failure, NodeFailure::Stopping)
            {
                return Err(failure.into());
            }
            stopped_in_order(&mark, stopped).await?;
        }
        name = stops.next() => end(Code::Interrupted, &format!("{name} again: ended at once")),
    }
    tracing::info!("stopped");
    Ok(())
}

/// Notes that there are users, and opens the chain. `None` if a signal came meanwhile: opening is safe
/// to kill, and nothing was acknowledged yet.
async fn open_or_stop(
    settings: &Settings,
    wanted: Option<Spec>,
    noted: Option<NodeUsers>,
    mark: &RunMark,
    service: &Service,
    stops: &mut Stops,
) -> Result<Option<Opened>> {
    let (options, marked) = (settings.store.clone(), mark.clone());
    let opening = tokio::task::spawn_blocking(move || {
        noted.map_or(Ok(()), |users| users.note_made())?;
        anyhow::Ok(open_or_create(options, wanted, &marked)?)
    });
    let opened = tokio::select! {
        opened = service.opening(opening) => opened.context("internal error: the opening task panicked")?,
        name = stops.next() => {
            tracing::info!("{name}: stopped while the database was being opened");
            mark.withdraw().await;
            return Ok(None);
        }
    };
    if opened.as_ref().is_err_and(is_refusal) {
        mark.withdraw().await;
    }
    opened.map(Some)
}

/// Listens for clients and for peers.
async fn bind(
    api: ApiConfig,
    p2p: P2pConfig,
    node: &NodeHandle,
    links: LinkServer,
) -> Result<(Server, Network), Failure> {
    let server = Server::bind(api, node.clone()).await.map_err(ports::api_failure)?;
    let network = Network::bind(p2p, node.clone(), links).await.map_err(ports::p2p_failure)?;
    Ok((server, network))
}

/// Whether a start was refused for its settings, for its directory, or since another process holds
/// that: nothing failed.
fn is_refusal(error: &anyhow::Error) -> bool {
    matches!(exit::code_of(error), Code::Usage | Code::Locked | Code::Newer)
}

/// Takes the mark of the run away, unless stopping failed: a stop that takes too long loses nothing,
/// so the next start is no unclean one.
///
/// # Errors
/// When stopping failed or took too long.
async fn stopped_in_order(mark: &RunMark, stopped: Result<Result<()>, Elapsed>) -> Result<()> {
    let is_late = stopped.is_err();
    stopped.unwrap_or(Ok(()))?;
    mark.remove().await;
    if is_late {
        return Err(Failure::no("the node did not stop within 4.5 s and exited anyway")
            .hint("nothing that was acknowledged is lost")
            .into());
    }
    Ok(())
}

/// Warns of a node that leaves pending records to others.
fn warn_if_idle(settings: &Settings) {
    if !settings.node.mines_pool {
        tracing::warn!(
            "pending records are not mined by this node: `mining.enabled` is false, or --no-mine was given"
        );
    }
}

/// A task that goes on until it is told to stop ended by itself.
fn ended(task: &str, finished: Result<(), JoinError>) -> Result<()> {
    finished.with_context(|| format!("internal error: {task} panicked"))?;
    Err(Failure::no(format!("internal error: {task} ended early")).into())
}

fn api_config(settings: &Settings, file: &UsersFile, users: Users) -> Result<ApiConfig> {
    let tls = certificates::load(settings.api_tls.as_ref())?;
    let config = ApiConfig { tls, users, ..settings.api.clone() };
    check_api(&config, file)?;
    for (path, mode) in file.too_open() {
        tracing::warn!(
            "{} has mode {mode:04o}: other accounts on this machine can access it; run `chmod o-rwx,g-w {}` to prevent that",
            path.display(),
            path.display()
        );
    }
    Ok(config)
}

/// Checks that there is a user where one is needed.
pub(super) fn check_api(config: &ApiConfig, users: &UsersFile) -> Result<()> {
    let checked = config.check();
    checked.map_err(|error| Failure::usage(error.to_string()).hint(users.advice()).into())
}

fn p2p_config(settings: &Settings, args: &RunArgs) -> Result<P2pConfig> {
    let mut peers = args.peer.clone();
    peers.extend(peers::read(&settings.api.peers_file, settings.api.peers_required)?);
    let tls = certificates::load(settings.p2p_tls.as_ref())?;
    Ok(P2pConfig { tls, peers, ..settings.p2p.clone() })
}

/// Refuses to found a chain where settings say that there was one: its database may be on a disk
/// that is not mounted, or was lost.
fn check_unfounded(args: &RunArgs) -> Result<()> {
    let dir = &args.data_dir.path;
    if args.create || !dir.join(CONFIG_FILE).exists() || exists(dir)? {
        return Ok(());
    }
    let (name, file) = (dir.display(), CONFIG_FILE);
    Err(Failure::usage(format!("{name} holds settings ({file}) but no chain"))
        .hint("if it held one, mount it or put a backup in its place (docs/storage.md, Backups)")
        .hint("to create a chain beside these settings, start once with --create")
        .into())
}

/// Opens the directory's chain, which must be the wanted one; an empty directory gets the
/// wanted one, or `jenny`. The directory is marked once it is held.
fn open_or_create(
    options: Options,
    wanted: Option<Spec>,
    mark: &RunMark,
) -> Result<Opened, StoreError> {
    let dir = mark.directory();
    let lock = hold(dir)?;
    mark.leave();
    let mut log = |step: &str| tracing::info!("{step}");
    let is_wanted = wanted.is_some();
    let options = Options { chain: wanted, ..options };
    match open_held(&lock, &options, &mut log) {
        Err(StoreError::Missing { .. }) if !is_wanted => {
            let spec = Spec::jenny();
            tracing::info!("{} is empty: creating chain {}", dir.display(), spec.name());
            open_held(&lock, &Options { chain: Some(spec), ..options }, &mut log)
        }
        opened => opened,
    }
}

/// Refuses to leave a users' file unread that lies where earlier versions looked for it:
/// beside a settings file outside of the data directory.
pub(super) fn check_elsewhere(args: &RunArgs, users: &UsersFile) -> Result<()> {
    let Some(other) = args.config.as_ref().and_then(|config| users.elsewhere(config)) else {
        return Ok(());
    };
    let (other, path) = (other.display(), users.path().display());
    if users.was_made()? {
        tracing::warn!("{other} is not read: the users are in {path}");
        return Ok(());
    }
    Err(Failure::usage(format!("{other} is not read: users belong to the data directory"))
        .hint(format!("move it to {path}, or remove it"))
        .into())
}

#[cfg(test)]
mod tests;
