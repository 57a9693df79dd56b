//! The exposition: what is held and the program's own metrics, in the format the scraper asked for.
//!
//! The page is complete before its status is sent; it is read from a snapshot and waits for nobody.

use std::sync::Arc;

use axum::response::Response;
use http::HeaderMap;
use promontory_exporter::collector::Collector;
use promontory_exporter::process::{BuildInfo, Process};
use promontory_exporter::scrape::{ENCODINGS, Encoding, answer, failure, negotiate};
use promontory_exposition::Family;
use promontory_exposition::batch::Batch;
use promontory_exposition::negotiate::{Negotiated, Offer};

use super::instrument::Expired;
use super::persistence::Persistence;
use super::{App, pieces};
use crate::view::{PageError, View};

/// Pages of more groups than this are put together on a thread that may block.
const INLINE_GROUPS: usize = 100;

/// `GET` on the telemetry path.
pub(super) async fn scrape(app: &Arc<App>, headers: &HeaderMap) -> Response {
    // Upstream never answers with OpenMetrics, whatever it is asked for.
    let agreed = negotiate(headers, Offer::Classic);
    let encoding = Encoding::choose(headers, ENCODINGS);
    let view = app.gateway.view();
    let page = if view.group_count() <= INLINE_GROUPS {
        page(app, &view, &agreed, encoding)
    } else {
        let app = app.clone();
        let agreed = agreed.clone();
        let made = tokio::task::spawn_blocking(move || page(&app, &view, &agreed, encoding));
        made.await.unwrap_or_else(|_| {
            Err(PageError::Inconsistent(vec![
                "the page was not made to its end".to_owned(),
            ]))
        })
    };
    match page {
        Ok(body) => answer(&agreed.content_type, encoding, body),
        Err(error) => {
            tracing::error!(err = %error, "error gathering metrics");
            failure(&error)
        }
    }
}

fn page(
    app: &App,
    view: &View,
    agreed: &Negotiated,
    encoding: Encoding,
) -> Result<axum::body::Body, PageError> {
    let batch = own(app);
    let own: Vec<Family<'_>> = batch.families();
    if encoding == Encoding::Gzip
        && let Some(ready) = view.gzip_page(agreed.target, &own)?
    {
        return Ok(ready.into());
    }
    let parts = view.page(agreed.target, &own)?;
    if encoding == Encoding::Identity {
        return Ok(pieces::ready(parts));
    }
    Ok(encoding.encode(parts.concat()).into())
}

/// The program's own families.
fn own(app: &App) -> Batch {
    let mut batch = Batch::default();
    let build_info = BuildInfo {
        program: "pushgateway",
        build: app.build,
    };
    let persistence = Persistence(app.gateway.persistence());
    let expired = Expired(app.gateway.expired_groups());
    let collectors: [&dyn Collector; 5] =
        [&Process, &build_info, &persistence, &expired, &app.metrics];
    for collector in collectors {
        if let Err(error) = collector.collect(&mut batch) {
            tracing::warn!(collector = collector.name(), err = %error, "own metrics are incomplete");
        }
    }
    batch
}
