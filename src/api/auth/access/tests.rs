//! Tests.

use super::*;

#[test]
fn each_role_may_what_the_lower_ones_may() {
    let roles = [Role::Monitor, Role::Reader, Role::Writer, Role::Operator];
    let routes = [MONITORS, READERS, WRITERS, OPERATORS];
    for (rank, role) in roles.into_iter().enumerate() {
        for (needed, route) in routes.into_iter().enumerate() {
            let lacking = (rank < needed).then(|| roles[needed]);
            assert_eq!(route.lacking(Some(role)), lacking, "{role:?} on {route:?}");
        }
        assert_eq!(Access::Everyone.lacking(Some(role)), None);
    }
    assert_eq!(Access::Everyone.lacking(None), None);
    assert_eq!(MONITORS.lacking(None), Some(Role::Monitor));
}
