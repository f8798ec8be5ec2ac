//! Tests.

use std::collections::BTreeSet;

use super::*;

#[test]
fn paths_are_compared_byte_by_byte() {
    for route in &ROUTES {
        let path = route.path.replace("{}", "x");
        let found = find(&path).unwrap();
        assert_eq!(found.0, route.path);
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
        assert!(find(path).is_none(), "{path}");
    }
}

#[test]
fn only_health_is_for_everyone_and_every_change_is_for_operators() {
    for route in &ROUTES {
        let is_health = ["/livez", "/readyz"].contains(&route.path);
        assert_eq!(route.access == Access::Everyone, is_health, "{}", route.path);
        assert_eq!(
            route.access == Access::Operators,
            route.method != Method::GET,
            "{}",
            route.path
        );
    }
}

#[test]
fn a_path_takes_the_methods_of_all_its_routes() {
    for (path, methods) in [
        ("/", "GET, HEAD"),
        ("/livez", "GET, HEAD, OPTIONS"),
        ("/mineBlock", "POST"),
        ("/v1/peers", "GET, HEAD, POST"),
        ("/v1/peers/known", "GET, HEAD"),
        ("/v1/peers/ws%3A%2F%2Fa", "DELETE"),
    ] {
        assert_eq!(find(path).unwrap().methods(), methods, "{path}");
    }
    assert!(find("/v1/peers/").is_none() && find("/v1/peers/ws://a").is_none());
}

#[test]
fn the_documentation_lists_every_route_and_no_other() {
    let text = include_str!("../../../docs/api.md");
    let documented: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .filter(|(route, _)| route.contains(" /"))
        .map(|(route, _)| {
            // `{height, hash or tip}` is one segment of any text: `{}`.
            let parts = route.split('{');
            let parts = parts.map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
            parts.collect::<Vec<_>>().join("{}")
        })
        .collect();
    let taken: BTreeSet<_> =
        ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(documented, taken);
}
