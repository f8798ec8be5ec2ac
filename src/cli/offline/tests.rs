//! What is said beside the work on a stopped node's directory.

use super::*;

#[test]
fn only_root_is_warned_and_only_of_another_account() {
    let warning = |owner, own| warning_of_owner(Path::new("data"), owner, own);
    let text = warning(7_545, 0).unwrap();
    assert!(text.contains("data belongs to another account"), "{text}");
    assert!(text.contains("`chown -R --reference=data data`"), "{text}");
    for (owner, own) in [(0, 0), (7_545, 7_545), (0, 7_545), (7_545, 7_546)] {
        assert_eq!(warning(owner, own), None);
    }
}
