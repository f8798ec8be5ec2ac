//! The files for Prometheus and Grafana name metrics and labels that a node serves.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;
use serde_json::Value;

use crate::support::ApiNode;

const ALERTS: &str = include_str!("../../../deploy/prometheus/alerts.yml");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/jenny.json");

/// The names of all samples that a node serves, with the labels of each.
async fn served() -> BTreeMap<String, BTreeSet<String>> {
    let node = ApiNode::start().await;
    node.mine("a").await;
    let response = node.get("/metrics").await.expect(200);
    let label = Regex::new("([a-z_]+)=\"").unwrap();
    let mut samples = BTreeMap::<_, BTreeSet<_>>::new();
    for line in response.text().lines() {
        // A metric may have no sample now.
        if let Some(begin) = line.strip_prefix("# TYPE ") {
            let (name, kind) = begin.split_once(' ').unwrap();
            let suffixes: &[_] =
                if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            for suffix in suffixes {
                samples.entry(format!("{name}{suffix}")).or_default();
            }
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            let labels = label.captures_iter(line).map(|found| found[1].to_owned());
            samples.get_mut(name).unwrap().extend(labels);
        }
    }
    samples
}

/// Asserts that an expression names samples that are served, with labels that they have.
fn check(expression: &str, served: &BTreeMap<String, BTreeSet<String>>) {
    let sample = Regex::new(r"\b((?:jenny|process)_[a-z_]+)(?:\{([^}]*)\})?").unwrap();
    let label = Regex::new(r#"([a-z_]+)\s*(?:=~|!~|!=|=)\s*""#).unwrap();
    let mut count = 0;
    for found in sample.captures_iter(expression) {
        count += 1;
        let labels = served.get(&found[1]);
        let labels = labels.unwrap_or_else(|| panic!("{} is not served: {expression}", &found[1]));
        let named = found.get(2).map_or("", |labels| labels.as_str());
        for found in label.captures_iter(named) {
            let is_target = ["job", "instance"].contains(&&found[1]);
            assert!(is_target || labels.contains(&found[1]), "{} in {expression}", &found[1]);
        }
    }
    assert!(count > 0 || expression.starts_with("up{"), "no metric in {expression}");
}

#[tokio::test]
async fn alerts_are_about_what_a_node_serves_and_say_what_to_do() {
    let served = served().await;
    let fields = |name: &str| {
        let mark = format!("{name}: ");
        let lines = ALERTS.lines().map(str::trim_start);
        lines.filter_map(|line| line.strip_prefix(&mark).map(str::to_owned)).collect::<Vec<_>>()
    };
    let expressions = fields("expr");
    assert!(expressions.len() > 20, "{expressions:?}");
    for name in ["- alert", "summary", "description", "labels"] {
        assert_eq!(fields(name).len(), expressions.len(), "{name}");
    }
    for expression in expressions {
        check(&expression, &served);
    }
}

#[tokio::test]
async fn the_dashboard_shows_what_a_node_serves() {
    let served = served().await;
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        for target in panel["targets"].as_array().into_iter().flatten() {
            check(target["expr"].as_str().unwrap(), &served);
            count += 1;
        }
    }
    assert!(count > 20, "only {count} expressions");
}
