//! The exposition: what is held and the program's own metrics, in the format the scraper asked for.
//!
//! The page is read from a snapshot, waits for nobody, and is sent while it is made. What cannot be shown is known before
//! the first byte of it; if making it breaks off all the same, so does the connection.

use std::sync::Arc;

use axum::response::Response;
use http::HeaderMap;
use promontory_exporter::collector::Collector;
use promontory_exporter::process::{BuildInfo, Process};
use promontory_exporter::scrape::{ENCODINGS, Encoding, Options, PageSink, negotiate, stream};
use promontory_exposition::Family;
use promontory_exposition::batch::Batch;
use promontory_exposition::negotiate::Offer;

use super::App;
use super::instrument::Expired;
use super::persistence::Persistence;
use crate::page::Piece;

/// Scrapes at the same time; more are answered with 503. Each holds a thread and some pieces of its page until the client
/// has taken them, and there are far more threads than these.
const SCRAPES_MAX: usize = 200;

/// How scrapes are served.
pub fn options() -> Options {
    Options {
        requests_max: SCRAPES_MAX,
        ..Options::default()
    }
}

/// `GET` on the telemetry path.
pub(super) async fn scrape(app: &Arc<App>, headers: &HeaderMap) -> Response {
    let (app, view) = (app.clone(), app.gateway.view());
    // Upstream never answers with OpenMetrics, whatever it is asked for; nor is there need to while nobody pushes it.
    let offer = match view.offers_openmetrics() {
        true => Offer::WithOpenMetrics,
        false => Offer::Classic,
    };
    let agreed = negotiate(headers, offer);
    let encoding = Encoding::choose(headers, ENCODINGS);
    let options = app.scrapes.clone();
    let target = agreed.target;
    let page = move |sink: &mut PageSink| {
        let batch = own(&app);
        let own: Vec<Family<'_>> = batch.families();
        let pages = app.gateway.pages();
        let compressed = sink.is_gzip();
        pages.write(&view, target, &own, compressed, &mut |piece| {
            match piece {
                Piece::Text(text) => sink.write(text)?,
                Piece::Block(block) => sink.block(block)?,
            }
            Ok::<(), anyhow::Error>(())
        })
    };
    stream(&options, &agreed.content_type, encoding, page).await
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
