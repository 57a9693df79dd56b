//! Headers and the answers that `expfmt.Negotiate` gave.

use super::{Offer, from_content_type, negotiate};
use crate::format::{Format, Target};
use crate::name::Escaping;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/// What Prometheus 3 sends when it does not want protobuf.
const PROMETHEUS: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
    application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
    text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

fn check(accept: &str, expected: &str) {
    let agreed = negotiate(Some(accept), Offer::Classic);
    assert_eq!(agreed.content_type, expected, "{accept}");
    assert_eq!(from_content_type(expected), Some(agreed.target), "{accept}");
}

fn check_openmetrics(accept: &str, expected: &str) {
    let agreed = negotiate(Some(accept), Offer::WithOpenMetrics);
    assert_eq!(agreed.content_type, expected, "{accept}");
    assert_eq!(from_content_type(expected), Some(agreed.target), "{accept}");
}

#[test]
fn text_for_everyone_else() {
    assert_eq!(negotiate(None, Offer::WithOpenMetrics).content_type, TEXT);
    for accept in [
        "",
        "*/*",
        "text/html",
        "text/plain",
        "text/plain;version=0.0.4",
        ",;,",
        "a/b/c",
        "TEXT/PLAIN",
        "text/plain;version=2",
    ] {
        check(accept, TEXT);
    }
    check(
        "text/plain; escaping = dots",
        "text/plain; version=0.0.4; charset=utf-8; escaping=dots",
    );
    check("text/plain;escaping=odd", TEXT);
    check(
        "text/plain;escaping=dots=",
        TEXT.replace("underscores", "dots").as_str(),
    );
    check("text/plain;escaping=dots=x", TEXT);
}

#[test]
fn protobuf_needs_its_parameters() {
    let prefix =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=";
    for encoding in ["delimited", "text", "compact-text"] {
        let accept = format!("text/plain;q=0.5,{prefix}{encoding};escaping=values");
        check(&accept, &format!("{prefix}{encoding}; escaping=values"));
    }
    check(&format!("{prefix}other"), TEXT);
    check("application/vnd.google.protobuf", TEXT);
    check(
        "application/vnd.google.protobuf;proto=x;encoding=delimited",
        TEXT,
    );
}

#[test]
fn openmetrics_only_where_it_is_offered() {
    // The escaping of a clause that is passed over stays.
    check(
        PROMETHEUS,
        "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8",
    );
    check_openmetrics(
        PROMETHEUS,
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    );
    check_openmetrics(
        "application/openmetrics-text",
        "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores",
    );
    check_openmetrics("application/openmetrics-text;version=2.0.0", TEXT);
}

#[test]
fn qualities_order_clauses() {
    let openmetrics =
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
    check_openmetrics(
        "text/plain;q=0.2,application/openmetrics-text;version=1.0.0;q=0.3",
        openmetrics,
    );
    check_openmetrics(
        "text/plain;q=0.3,application/openmetrics-text;version=1.0.0;q=0.3",
        TEXT,
    );
    check_openmetrics(
        "text/plain;q=x,application/openmetrics-text;version=1.0.0;q=0.1",
        openmetrics,
    );
    // A quality of zero does not refuse.
    check_openmetrics(
        "application/openmetrics-text;version=1.0.0;q=0",
        openmetrics,
    );
}

#[test]
fn content_types() {
    let check = |content_type, format: Option<Format>, escaping| {
        let expected = format.map(|format| Target { format, escaping });
        assert_eq!(from_content_type(content_type), expected, "{content_type}");
    };
    check("text/plain", Some(Format::Text), Escaping::Underscores);
    check(
        " text/plain ; escaping = values",
        Some(Format::Text),
        Escaping::Values,
    );
    check("text/plain;version=0.0.3", None, Escaping::Underscores);
    check(
        "application/openmetrics-text;version=1.0.0",
        None,
        Escaping::Underscores,
    );
    check("application/json", None, Escaping::Underscores);
    check("", None, Escaping::Underscores);
}
