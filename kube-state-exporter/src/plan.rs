//! What is to be watched: the part of the flags that `watch` acts on.

use std::fmt::Write;

use crate::resource::Row;
use crate::samples::Selection;
use crate::shard::Shard;

/// What is to be watched.
pub struct Plan {
    /// The resources, and which families of each are shown.
    pub resources: Vec<(&'static Row, Selection)>,
    /// Where objects of namespaces are looked for; objects of the cluster are always watched, as upstream does.
    pub namespaces: Namespaces,
    /// Namespaces whose objects are not shown. The API server leaves them out (`metadata.namespace!=…`).
    pub denied: Vec<String>,
    /// Which part of all objects is ours; `None`: all of them.
    pub shard: Option<Shard>,
    /// Which pods are ours; other resources have no node.
    pub node: Option<NodeFilter>,
    /// Whether lists may come from the API server's cache, however old that is (`resourceVersion=0`).
    pub use_apiserver_cache: bool,
    /// How many objects of a resource and namespace are listed at most; 0 or less: all. As upstream, objects that
    /// change later are shown nevertheless, and a limit switches streaming lists off.
    pub object_limit: i64,
}

/// Where objects of namespaces are looked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Namespaces {
    /// Everywhere, with one list and watch a resource.
    All,
    /// In these, with a list and watch for each.
    Only(Vec<String>),
}

/// Which pods are watched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NodeFilter {
    /// Those of this node (`--node`).
    Node(String),
    /// Those of no node yet (`--track-unscheduled-pods`).
    Unscheduled,
}

impl Plan {
    /// The namespaces that a resource is listed and watched in, each once; an empty name is the whole cluster.
    pub(crate) fn scopes(&self, row: &Row) -> Vec<String> {
        match &self.namespaces {
            Namespaces::Only(names) if row.namespaced => {
                let mut scopes: Vec<String> = Vec::with_capacity(names.len());
                for name in names {
                    if !scopes.contains(name) {
                        scopes.push(name.clone());
                    }
                }
                scopes
            }
            _ => vec![String::new()],
        }
    }

    /// The field selector of a resource's lists and watches; empty: none.
    pub(crate) fn field_selector(&self, row: &Row) -> String {
        let mut selector = String::new();
        if !row.namespaced {
            return selector;
        }
        for namespace in &self.denied {
            let _ = write!(selector, "metadata.namespace!={},", escaped(namespace));
        }
        if row.name == "pods" && row.group.is_empty() {
            match &self.node {
                Some(NodeFilter::Node(name)) => {
                    let _ = write!(selector, "spec.nodeName={},", escaped(name));
                }
                Some(NodeFilter::Unscheduled) => selector.push_str("spec.nodeName=,"),
                None => {}
            }
        }
        selector.pop();
        selector
    }
}

/// A value of a field selector: what separates selectors is marked (`fields.EscapeValue`).
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for char in value.chars() {
        if matches!(char, '\\' | ',' | '=') {
            text.push('\\');
        }
        text.push(char);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: Row = Row {
        name: "pods",
        group: "",
        namespaced: true,
        ..crate::resource::TABLE[0]
    };
    const NODES: Row = Row {
        name: "nodes",
        namespaced: false,
        ..crate::resource::TABLE[0]
    };

    fn plan() -> Plan {
        Plan {
            resources: Vec::new(),
            namespaces: Namespaces::All,
            denied: Vec::new(),
            shard: None,
            node: None,
            use_apiserver_cache: false,
            object_limit: 0,
        }
    }

    #[test]
    fn each_namespace_is_a_scope_and_the_cluster_is_one() {
        let mut plan = plan();
        assert_eq!(plan.scopes(&PODS), [""]);
        plan.namespaces = Namespaces::Only(vec!["a".into(), "b".into(), "a".into()]);
        assert_eq!(plan.scopes(&PODS), ["a", "b"]);
        assert_eq!(plan.scopes(&NODES), [""]);
    }

    #[test]
    fn selectors_are_upstreams() {
        let mut plan = plan();
        assert_eq!(plan.field_selector(&PODS), "");
        plan.denied = vec!["a".into(), "b,c".into()];
        plan.node = Some(NodeFilter::Node("n".into()));
        assert_eq!(
            plan.field_selector(&PODS),
            r"metadata.namespace!=a,metadata.namespace!=b\,c,spec.nodeName=n"
        );
        assert_eq!(plan.field_selector(&NODES), "");
        plan.denied.clear();
        plan.node = Some(NodeFilter::Unscheduled);
        assert_eq!(plan.field_selector(&PODS), "spec.nodeName=");
    }
}
