//! The ports that a node listens on, and why it does not.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::exit::Failure;
use super::print;
use crate::api::{self, Server};
use crate::chain::{ChainHeader, Spec};
use crate::p2p::{self, Network};

/// A port that the node listens on.
pub(super) struct Port {
    scheme: &'static str,
    address: SocketAddr,
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.address)
    }
}

/// Where the node listens.
pub(super) struct Ports {
    api: Port,
    p2p: Port,
    /// In clear text beside TLS.
    api_plain: Option<Port>,
    p2p_plain: Option<Port>,
}

impl Ports {
    pub(super) fn of(server: &Server, api_tls: bool, network: &Network, p2p_tls: bool) -> Self {
        let port = |scheme| move |address| Port { scheme, address };
        Self {
            api: port(if api_tls { "https" } else { "http" })(server.local_addr()),
            p2p: port(if p2p_tls { "wss" } else { "ws" })(network.local_addr()),
            api_plain: server.plain_addr().map(port("http")),
            p2p_plain: network.plain_addr().map(port("ws")),
        }
    }

    /// Tells the operator what other machines can connect to.
    pub(super) fn name(&self) {
        name_open("the REST API", self.api.address);
        name_open("the port for peers", self.p2p.address);
        if let Some(plain) = &self.api_plain {
            name_open("the REST API in clear text", plain.address);
        }
        if let Some(plain) = &self.p2p_plain {
            tracing::warn!("peers without a certificate can link: `p2p.plain_listen` is set");
            name_open("the port for peers in clear text", plain.address);
        }
    }

    /// Returns the URL by which a client on this machine reaches the API: in clear text if there is
    /// such a port, since that needs no CA. With TLS it has a name that the certificate is for, as
    /// far as one of `certified` leads to this port and is a host that requests may name.
    pub(super) fn local_url(&self, certified: &[String], hosts: &[String]) -> String {
        let port = self.api_plain.as_ref().unwrap_or(&self.api);
        let is_certified =
            |host: &str| certified.iter().any(|name| name.eq_ignore_ascii_case(host));
        let is_host = |name: &&String| hosts.iter().any(|host| host.eq_ignore_ascii_case(name));
        let addresses = local_addresses(port.address.ip());
        let is_here = addresses.iter().any(IpAddr::is_loopback);
        let by_address = || addresses.iter().map(ToString::to_string).find(|ip| is_certified(ip));
        let by_name = || {
            let local = (is_here && is_certified("localhost")).then(|| "localhost".to_owned());
            local.or_else(|| certified.iter().find(is_host).cloned())
        };
        let named = if port.scheme == "https" { by_address().or_else(by_name) } else { None };
        let first = || addresses.first().map_or_else(String::new, IpAddr::to_string);
        let host = named.unwrap_or_else(first);
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        format!("{}://{host}:{}", port.scheme, port.address.port())
    }

    /// The one line on standard output, from a thread of its own: its reader may never take it.
    pub(super) fn announce(&self, spec: &Spec, tip: &ChainHeader) {
        let Self { api, p2p, api_plain, p2p_plain } = self;
        let more = |name: &str, port: &Option<Port>| {
            port.as_ref().map_or_else(String::new, |port| format!(" {name}={port}"))
        };
        let plain = more("api-plain", api_plain) + &more("p2p-plain", p2p_plain);
        let line = format!(
            "ready api={api} p2p={p2p} chain={} height={} tip={}{plain}",
            spec.name(),
            tip.header.height,
            tip.hash
        );
        tracing::info!("{line}");
        let printing = std::thread::Builder::new().name("stdout".to_owned()).spawn(move || {
            if let Err(error) = print(&line) {
                tracing::warn!("standard output is not read: {error}");
            }
        });
        if let Err(error) = printing {
            tracing::warn!("the ready line cannot be printed: {error}");
        }
    }
}

/// The addresses by which this machine reaches a port that listens on `ip`, the surest one first.
fn local_addresses(ip: IpAddr) -> Vec<IpAddr> {
    let (v4, v6) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
    match ip.to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => vec![v4],
        // Such a port takes IPv4 as well, unless the system says otherwise.
        IpAddr::V6(ip) if ip.is_unspecified() => vec![v6, v4],
        ip => vec![ip],
    }
}

/// Tells the operator what other machines can connect to.
fn name_open(what: &str, address: SocketAddr) {
    if !address.ip().to_canonical().is_loopback() {
        tracing::info!("other machines can connect to {what}: it listens on {address}");
    }
}

/// Why the API does not listen, and which setting chooses another address.
pub(super) fn api_failure(error: api::BindError) -> Failure {
    use api::BindError::{Listen, PlainListen};
    match error {
        Listen(address, error) => cannot_listen(NO_API, address, error, "--api-listen"),
        PlainListen(address, error) => {
            cannot_listen(NO_API, address, error, "the setting `api.plain_listen`")
        }
        error => Failure::no("the API cannot start").because(error),
    }
}

/// Why the node does not listen for peers, and which setting chooses another address.
pub(super) fn p2p_failure(error: p2p::BindError) -> Failure {
    use p2p::BindError::{Listen, PlainListen};
    match error {
        Listen(address, error) => cannot_listen(NO_PEERS, address, error, "--p2p-listen"),
        PlainListen(address, error) => {
            cannot_listen(NO_PEERS, address, error, "the setting `p2p.plain_listen`")
        }
    }
}

const NO_API: &str = "the API cannot listen";
const NO_PEERS: &str = "the node cannot listen for peers";

fn cannot_listen(what: &str, address: SocketAddr, error: io::Error, setting: &str) -> Failure {
    Failure::no(format!("{what} on {address}"))
        .because(error)
        .hint(format!("choose another address with {setting}; port 0 picks a free port"))
}

#[cfg(test)]
mod tests;
