//! Keeps web pages from reaching the node through a browser: which `Host` is
//! answered, and from which `Origin` something may be changed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::{self, HeaderMap};
use http::uri::Authority;
use http::{Method, Uri, Version};

use super::origins::CorsOrigins;
use super::problem::{Kind, Problem};
use crate::api::quoted::quoted;

/// The names that clients may call this node by, and the web origins that may call it.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct Hosts {
    names: Vec<String>,
    origins: CorsOrigins,
}

/// Which web page a request comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum Site {
    /// One of this host, or none: a program.
    Own,
    /// One of another origin, listed or not.
    Foreign,
}

/// The names by which a request may address this node.
#[derive(Debug)]
pub(in crate::api) struct Addressed<'a> {
    pub(in crate::api) method: &'a Method,
    pub(in crate::api) uri: &'a Uri,
    pub(in crate::api) version: Version,
    pub(in crate::api) headers: &'a HeaderMap,
}

impl Hosts {
    pub(in crate::api) fn new(names: &[String], origins: CorsOrigins) -> Self {
        Self { names: names.iter().map(|name| name.to_ascii_lowercase()).collect(), origins }
    }

    /// Returns the web origins that may call this node.
    pub(in crate::api) const fn origins(&self) -> &CorsOrigins {
        &self.origins
    }

    /// Checks that the request is meant for this node and may come from where it comes, and
    /// returns which page it comes from.
    ///
    /// # Errors
    /// 400 without exactly one `Host`, 421 for a foreign one (a rebound DNS name),
    /// 403 when a web page of another origin, which is not listed, tries to change something.
    pub(in crate::api) fn check(&self, request: &Addressed<'_>) -> Result<Site, Problem> {
        let host = host_of(request)?;
        if let Some(host) = &host
            && !self.answers_to(host.host())
        {
            let detail = format!(
                "this node does not serve the host name {}; use an IP address or localhost, or add the name to api.hosts",
                quoted(host.host())
            );
            return Err(Problem::new(Kind::MisdirectedRequest, detail).at("Host"));
        }
        let changes = !matches!(*request.method, Method::GET | Method::HEAD | Method::OPTIONS);
        if changes && self.origins.of(request.headers).is_none() {
            check_origin(request.headers, host.as_ref())?;
        }
        Ok(if is_own(request.headers, host.as_ref()) { Site::Own } else { Site::Foreign })
    }

    fn answers_to(&self, host: &str) -> bool {
        let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(literal) = bracketed {
            return literal.parse::<Ipv6Addr>().is_ok();
        }
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<Ipv4Addr>().is_ok()
            || self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// Why a text is no name that a request's `Host` can have.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{} never matches a request: {reason}{}", quoted(.entry), example(.name.as_deref()))]
pub struct HostError {
    entry: String,
    reason: &'static str,
    /// The form that counts, when it can be told.
    name: Option<String>,
}

fn example(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("; write {}", quoted(name)),
        None => "; write the names themselves, such as \"ledger.example\"".to_owned(),
    }
}

/// Checks that a request can name this host: a DNS name in the form that clients send, or
/// an IP address (which is always answered to).
///
/// # Errors
/// For what holds a scheme, a port, a path, a wildcard, or no name at all.
pub fn check_host(entry: &str) -> Result<(), HostError> {
    let is_literal = entry.parse::<IpAddr>().is_ok()
        || entry
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    if is_literal || is_dns_name(entry) {
        return Ok(());
    }
    let rest = entry.split_once("://").map_or(entry, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let bare = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let reason = if entry.contains('*') {
        "wildcards are not supported"
    } else if entry.contains("://") {
        "a scheme is not part of a host name"
    } else if entry.parse::<ipnet::IpNet>().is_ok() {
        "it is a network, and any IP address is accepted already"
    } else if bare.len() != host.len() {
        "a port is not part of a host name"
    } else if host.len() != entry.len() {
        "a path is not part of a host name"
    } else if !entry.is_ascii() {
        "clients send names in ASCII"
    } else {
        "it is not a host name"
    };
    // As browsers send it: names in other scripts become Punycode.
    let name = url::Host::parse(bare).ok().map(|name| name.to_string());
    let name = name.filter(|name| name != entry && is_dns_name(name));
    Err(HostError { entry: entry.to_owned(), reason, name })
}

/// Whether it is a name of letters, digits, hyphens and underscores between dots. Not one
/// that ends in a number, which clients read as an IPv4 address.
fn is_dns_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= 253
        && name.split('.').all(is_label)
        && !name.rsplit('.').next().is_none_or(is_number)
}

/// The authority that the request names: that of an absolute target, which counts
/// more (RFC 9112 section 3.2.2), or the `Host` header. HTTP/1.0 may have neither.
fn host_of(request: &Addressed<'_>) -> Result<Option<Authority>, Problem> {
    let malformed = |detail: &'static str| Problem::new(Kind::MalformedRequest, detail).at("Host");
    let mut values = request.headers.get_all(header::HOST).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(malformed("the request has more than one Host header"));
    }
    if let Some(authority) = request.uri.authority() {
        return Ok(Some(authority.clone()));
    }
    let Some(value) = value else {
        if request.version >= Version::HTTP_11 {
            return Err(malformed("HTTP/1.1 requires a Host header"));
        }
        return Ok(None);
    };
    let authority = Authority::try_from(value.as_bytes()).ok();
    authority.filter(|authority| !authority.as_str().contains('@')).map(Some).ok_or_else(|| {
        malformed("the Host header must be a host name or an IP address, optionally with a port")
    })
}

fn check_origin(headers: &HeaderMap, host: Option<&Authority>) -> Result<(), Problem> {
    let foreign = |field: &'static str| {
        let detail = "web pages of other origins may not change anything; send the request from a program or from a page of this host, or list the page's origin in api.cors_origins";
        Err(Problem::new(Kind::ForeignOrigin, detail).at(field))
    };
    let is_cross_site = |value: &http::HeaderValue| value.as_bytes().trim_ascii() == b"cross-site";
    if headers.get_all("sec-fetch-site").iter().any(is_cross_site) {
        return foreign("Sec-Fetch-Site");
    }
    if is_own(headers, host) { Ok(()) } else { foreign("Origin") }
}

/// Whether a request names no origin but this host.
fn is_own(headers: &HeaderMap, host: Option<&Authority>) -> bool {
    let is_ours = |value: &http::HeaderValue| {
        host.is_some_and(|host| value.to_str().is_ok_and(|origin| is_same(origin, host)))
    };
    headers.get_all(header::ORIGIN).iter().all(is_ours)
}

/// Whether an origin (`scheme://host[:port]`, RFC 6454 section 7) is this host.
/// Either scheme: a proxy in front may speak TLS.
fn is_same(origin: &str, host: &Authority) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let Ok(authority) = Authority::try_from(authority) else { return false };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default_port);
    authority.host().eq_ignore_ascii_case(host.host()) && port(&authority) == port(host)
}

#[cfg(test)]
mod tests;
