//! What is asked of the API server: paths and queries of one resource in one namespace.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::plan::Plan;
use crate::resource::Row;

/// Everything but RFC 3986's unreserved characters.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A resource in a namespace or in the whole cluster.
#[derive(Debug)]
pub(super) struct Target {
    path: String,
    /// `fieldSelector=…&`, or nothing.
    selector: String,
    /// `resourceVersion=0&`, or nothing.
    freshness: &'static str,
}

impl Target {
    pub(super) fn new(plan: &Plan, row: &Row, namespace: &str) -> Self {
        let mut path = row.api_path();
        if !namespace.is_empty() {
            path.push_str("/namespaces/");
            path.extend(utf8_percent_encode(namespace, QUERY));
        }
        path.push('/');
        path.push_str(row.name);
        let selector = plan.field_selector(row);
        Self {
            path,
            selector: if selector.is_empty() {
                selector
            } else {
                format!("fieldSelector={}&", utf8_percent_encode(&selector, QUERY))
            },
            freshness: if plan.use_apiserver_cache {
                "resourceVersion=0&"
            } else {
                ""
            },
        }
    }

    /// A page of a list: the first, or that of a token; `limit` 0 asks for all.
    pub(super) fn page(&self, token: &str, limit: u64) -> String {
        let (path, selector) = (&self.path, &self.selector);
        if token.is_empty() {
            return format!("{path}?{selector}{}limit={limit}", self.freshness);
        }
        // The token holds the version; both together are refused.
        let token = utf8_percent_encode(token, QUERY);
        format!("{path}?{selector}limit={limit}&continue={token}")
    }

    /// A watch that begins with all objects there are (KEP-3157).
    pub(super) fn streaming_list(&self, seconds: u64) -> String {
        format!(
            "{}&{}sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
            self.watching(seconds),
            self.freshness
        )
    }

    /// A watch that goes on from a version.
    pub(super) fn watch(&self, version: &str, seconds: u64) -> String {
        let version = utf8_percent_encode(version, QUERY);
        format!("{}&resourceVersion={version}", self.watching(seconds))
    }

    fn watching(&self, seconds: u64) -> String {
        let (path, selector) = (&self.path, &self.selector);
        format!("{path}?{selector}watch=1&allowWatchBookmarks=true&timeoutSeconds={seconds}")
    }
}
