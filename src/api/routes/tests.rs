//! Tests.

use super::*;

#[test]
fn paths_are_compared_byte_by_byte() {
    for route in &ROUTES {
        let path = route.path.replace("{}", "x");
        assert_eq!(find(&path).map(|found| found.path), Some(route.path));
    }
    for path in
        ["", "//", "/chains/", "/Chains", "/v1/blocks/", "/v1/blocks/a/b", "/v1/blocks", "*"]
    {
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
