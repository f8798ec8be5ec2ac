//! Tests.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http::header::ACCESS_CONTROL_ALLOW_METHODS;
use sha2::{Digest, Sha256};

use super::*;
use crate::api::http::origins::preflight;
use crate::api::openapi::{self, Page};

/// A path of this pattern.
fn example(pattern: &str) -> String {
    let segments = pattern.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn paths_are_compared_byte_by_byte() {
    let table = table();
    for route in table.routes() {
        let found = table.find(&example(route.path)).unwrap();
        assert_eq!(found.path, route.path);
        assert_eq!(found.parameters.len(), route.path.matches('{').count());
        assert_eq!(found.route(&route.method).map(|found| found.access), Some(route.access));
    }
    for path in [
        "",
        "//",
        "/chains/",
        "/Chains",
        "/v1/blocks/",
        "/v1/blocks/a/b/c",
        "/v1/blocks/a/",
        "/v1/blocks//b",
        "/v1/block",
        "*",
    ] {
        assert!(table.find(path).is_none(), "{path}");
    }
}

#[test]
fn parameters_are_the_segments_as_they_were_sent() {
    let table = table();
    let found = table.find("/v1/blocks/1%2F2/{hash}").unwrap();
    assert_eq!(found.parameters, ["1%2F2", "{hash}"]);
}

#[test]
fn the_role_of_a_route_follows_from_what_it_does() {
    for route in table().routes() {
        let expected = match (&route.method, route.path) {
            (_, "/livez" | "/readyz") => Everyone,
            (_, "/v1/status" | "/metrics") => MONITORS,
            (_, "/mineBlock") => WRITERS,
            (method, "/v1/records") if method == Method::POST => WRITERS,
            (method, _) if method == Method::GET => READERS,
            _ => OPERATORS,
        };
        assert_eq!(route.access, expected, "{route:?}");
    }
}

#[test]
fn every_route_is_described_with_its_parameters_under_a_name_of_its_own() {
    let documented = table().documented();
    let document = openapi::document(&documented);
    let mut ids = BTreeSet::new();
    for route in &documented {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(ids.insert(operation["operationId"].to_string()), "{operation}");
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let named = parameters.filter(|parameter| parameter["in"] == "path");
        let named: Vec<_> =
            named.map(|it| format!("{{{}}}", it["name"].as_str().unwrap())).collect();
        let own: Vec<_> = route.path.split('/').filter(|part| part.starts_with('{')).collect();
        assert_eq!(named, own, "{} {}", route.method, route.path);
    }
}

#[test]
fn the_page_names_every_route_and_asks_a_browser_for_nothing_else() {
    let routes = table().documented();
    let Page { html, policy } = Page::new(&routes, &openapi::schemas(&routes));
    for route in &routes {
        assert!(html.contains(&format!("{} {} <span", route.method, route.path)), "{}", route.path);
    }
    for link in html.split("href=\"").skip(1) {
        assert!(link.starts_with('#') || link.starts_with("/openapi.json\""), "{link:.40}");
    }
    for word in ["<script", "src=", "url(", "@import"] {
        assert!(!html.contains(word), "{word}");
    }
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let digest = STANDARD.encode(Sha256::digest(style));
    assert!(policy.contains(&format!("default-src 'none'; style-src 'sha256-{digest}';")));
}

#[test]
fn options_are_described_where_they_are_taken() {
    for route in table().documented() {
        let is_open = route.access == Everyone;
        let takes = table()
            .documented()
            .iter()
            .any(|other| (other.path, &other.method) == (route.path, &Method::OPTIONS));
        assert_eq!(takes, is_open, "{}", route.path);
    }
}

#[test]
fn a_preflight_allows_the_methods_of_all_routes() {
    let response = preflight();
    let allowed = response.headers()[ACCESS_CONTROL_ALLOW_METHODS].to_str().unwrap();
    let allowed: Vec<_> = allowed.split(", ").collect();
    for route in table().documented().iter().filter(|route| route.method != Method::OPTIONS) {
        assert!(allowed.contains(&route.method.as_str()), "{} {}", route.method, route.path);
    }
}

#[test]
fn a_path_takes_the_methods_of_all_its_routes() {
    let table = table();
    for (path, methods) in [
        ("/", "GET, HEAD"),
        ("/livez", "GET, HEAD, OPTIONS"),
        ("/mineBlock", "POST"),
        ("/v1/peers", "GET, HEAD, POST"),
        ("/v1/peers/known", "GET, HEAD"),
        ("/v1/peers/ws%3A%2F%2Fa", "DELETE"),
    ] {
        assert_eq!(table.find(path).unwrap().methods(), methods, "{path}");
    }
    assert!(table.find("/v1/peers/").is_none() && table.find("/v1/peers/ws://a").is_none());
}

#[test]
fn the_documentation_lists_every_route_and_no_other() {
    // A parameter is one segment of any name.
    let unnamed = |route: &str| {
        let parts = route.split('{');
        let parts = parts.map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
        parts.collect::<Vec<_>>().join("{}")
    };
    let text = include_str!("../../../docs/api.md");
    let documented: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .filter(|(route, _)| route.contains(" /"))
        .map(|(route, _)| unnamed(route))
        .collect();
    let table = table();
    let routes = table.routes().iter();
    let taken = routes.map(|route| format!("{} {}", route.method, unnamed(route.path))).collect();
    assert_eq!(documented, taken);
}
