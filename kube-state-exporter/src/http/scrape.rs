//! `GET /metrics`: the pages of the resources asked for, one after the other, whole or not at all.

use std::collections::HashSet;

use axum::extract::Query;
use axum::response::Response;
use http::{HeaderMap, Method, Uri};
use promontory_exporter::scrape::{Encoding, PageSink, SinkError, negotiate, stream};
use promontory_exposition::gzip::Compressor;
use promontory_exposition::line::{self, Format};
use promontory_exposition::negotiate::Offer;

use super::{App, not_whole};
use crate::lines::Page;
use crate::watch::Watched;

/// The content type of the text format; upstream leaves out the escaping that other programs name behind it.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers a scrape.
pub(super) async fn metrics(
    app: &App,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Response {
    let running = app.requests.begin(method);
    let asked = Asked::of(uri);
    let (mut pages, mut missing) = (Vec::new(), Vec::new());
    // All pages are taken before the first byte is sent: what changes or goes missing later changes nothing here.
    for one in app.watched.iter().filter(|one| asked.has(one)) {
        match one.lines.page() {
            Some(page) => pages.push(page),
            None => missing.push(one.row.name),
        }
    }
    if !missing.is_empty() {
        return not_whole(&missing);
    }
    let negotiated = negotiate(headers, Offer::WithOpenMetrics);
    let format = Format::of(negotiated.target.format);
    let content_type = match format {
        Format::Text => TEXT,
        Format::OpenMetrics => &*negotiated.content_type,
    };
    let encoding = Encoding::choose(headers, &[Encoding::Identity, Encoding::Gzip]);
    stream(&app.scrapes, content_type, encoding, move |sink| {
        let written = write(&pages, format, sink);
        // The request has taken as long as its page.
        drop(running);
        Ok(written?)
    })
    .await
}

/// Writes pages, and what the format wants behind the last one.
fn write(pages: &[Page], format: Format, sink: &mut PageSink) -> Result<(), SinkError> {
    let mut result = Ok(());
    let mut compressor = sink.is_gzip().then(Compressor::default);
    for page in pages {
        match &mut compressor {
            Some(compressor) => page.compressed(format, compressor, |piece| {
                result = sink.block(piece);
                result.is_ok()
            }),
            None => page.text(format, |text| {
                result = sink.write(text);
                text.clear();
                result.is_ok()
            }),
        }
        result?;
    }
    let mut end = Vec::new();
    line::end(format, &mut end);
    sink.write(&end)
}

/// Which resources a request asks for: `resources` and `exclude_resources`, comma lists that may be repeated.
struct Asked {
    /// All, if there is no such parameter; an empty one asks for nothing.
    only: Option<HashSet<String>>,
    without: HashSet<String>,
}

impl Asked {
    fn of(uri: &Uri) -> Self {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map(|query| query.0)
            .unwrap_or_default();
        let named = |wanted: &str| {
            let mut values = pairs
                .iter()
                .filter(|(name, _)| name == wanted)
                .map(|(_, value)| value)
                .peekable();
            values.peek()?;
            let names = values.flat_map(|value| value.split(',')).map(str::trim);
            Some(
                names
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect(),
            )
        };
        Self {
            only: named("resources"),
            without: named("exclude_resources").unwrap_or_default(),
        }
    }

    fn has(&self, watched: &Watched) -> bool {
        let name = watched.row.name;
        self.only.as_ref().is_none_or(|only| only.contains(name)) && !self.without.contains(name)
    }
}
