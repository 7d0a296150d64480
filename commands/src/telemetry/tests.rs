use std::collections::BTreeSet;

use super::*;

#[test]
fn names_follow_the_prometheus_practice() {
    for (name, kind, help) in METRICS {
        assert!(name.starts_with("clustermaster_"), "{name}");
        assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
        assert_eq!(name.ends_with("_seconds"), *kind == Kind::Seconds, "{name}");
        assert!(help.ends_with('.'), "{name}");
    }
}

#[test]
fn each_metric_is_declared_once() {
    let names: BTreeSet<&str> = METRICS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), METRICS.len());
    describe();
}
