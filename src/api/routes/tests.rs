//! Tests.

use std::collections::BTreeSet;

use super::*;

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
        "/v1/blocks",
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
fn only_health_is_for_everyone_and_every_change_is_for_operators() {
    for route in table().routes() {
        let is_health = ["/livez", "/readyz"].contains(&route.path);
        assert_eq!(route.access == Everyone, is_health, "{route:?}");
        assert_eq!(route.access == Operators, route.method != Method::GET, "{route:?}");
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
