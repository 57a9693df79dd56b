//! The rights that a choice of resources needs: to list and to watch them, nothing else.

use std::collections::BTreeMap;

use crate::resource::Row;

/// A ClusterRole with one rule for each API group, as YAML for `kubectl apply`.
pub fn cluster_role(rows: &[&Row]) -> String {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.group).or_default().push(row.name);
    }
    let mut out = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: kube-state-metrics\nrules:\n".to_owned();
    for (group, names) in groups {
        out.push_str(&format!(
            "  - apiGroups: [{group:?}]\n    resources: [{}]\n    verbs: [list, watch]\n",
            names.join(", ")
        ));
    }
    out
}
