//! A node that speaks JSON alone, between two that would speak the binary dialect.

use jenny_chain::chain::Spec;
use serde_json::Value;

use crate::process::until;
use crate::process::{Branch, PeerNode, Settings};
use crate::support::proxy::Cable;

/// Two nodes, each linked through a cable to one between them that speaks JSON alone.
struct Row {
    left: PeerNode,
    between: PeerNode,
    right: PeerNode,
    cables: [Cable; 2],
}

impl Row {
    fn start() -> Self {
        let genesis = Branch::new(Spec::dev());
        let json = Settings { max_dialled: 0, binary: false, ..Settings::default() };
        let between = PeerNode::set_up(&genesis, json);
        let cables = [Cable::new(), Cable::new()];
        let [left, right] = cables.each_ref().map(|cable| {
            cable.lead_to(between.address());
            let flags = format!("--peer {}", cable.url());
            PeerNode::set_up(&genesis, Settings { flags, max_dialled: 1, ..Settings::default() })
        });
        let row = Self { left, between, right, cables };
        until("both are linked", || row.between.status()["links"] == 2);
        row
    }

    fn agrees_on(&self, hash: &str) {
        for node in [&self.left, &self.between, &self.right] {
            node.until_tip(hash);
        }
    }
}

fn hash(block: &str) -> String {
    let block: Value = serde_json::from_str(block).unwrap();
    block["hash"].as_str().unwrap().to_owned()
}

#[test]
fn blocks_cross_a_node_of_the_other_dialect_both_ways_and_a_fork_is_settled_by_work() {
    let row = Row::start();
    for node in [&row.left, &row.right] {
        // Who was dialled may know of a link first.
        until("it shows its link", || node.status()["links"] == 1);
        let (code, links) = node.process().get("/v1/peers");
        assert_eq!(code, 200);
        assert!(links.contains("jenny.json.1") && !links.contains("postcard"), "{links}");
    }
    for number in 0..5 {
        row.agrees_on(&hash(&row.left.mine(&format!("left {number}"))));
        row.agrees_on(&hash(&row.right.mine(&format!("right {number}"))));
    }
    assert_eq!(row.left.reorgs() + row.between.reorgs() + row.right.reorgs(), 0);

    row.cables[1].cut();
    until("one is alone", || row.right.status()["links"] == 0);
    let (mut light, mut heavy) = (String::new(), String::new());
    for number in 0..3 {
        light = hash(&row.left.mine(&format!("light {number}")));
    }
    for number in 0..6 {
        heavy = hash(&row.right.mine(&format!("heavy {number}")));
    }
    row.between.until_tip(&light);
    row.cables[1].restore();
    // As an operator who does not wait for the next dial.
    until("they are linked again", || row.right.dial(&row.cables[1].url()));
    row.agrees_on(&heavy);
    assert_eq!((row.left.reorgs(), row.between.reorgs(), row.right.reorgs()), (1, 1, 0));
    let Row { left, between, right, .. } = row;
    for node in [left, between, right] {
        assert!(!node.process().log().contains("panicked"));
        node.stop_and_verify();
    }
}
