//! Scrapes: how long one takes, by what has changed since the last.

use std::time::Duration;

use anyhow::Result;
use promontory_tests::http::Request;

use super::Pair;
use crate::limit::Limit;
use crate::load::{self, GZIP, Scrape};
use crate::table::Row;

/// Scrapes of ours and of the limit that the middle one is taken of; the real one, which takes seconds, is asked once.
const TIMES: usize = 3;

/// Scrapes, compressed and plain, and how many bytes came.
pub(super) fn rows(pair: &Pair<'_>) -> Result<Vec<Row>> {
    let [packed, plain] = [limit(pair, true)?, limit(pair, false)?];
    let best_packed = middle(|_| load::scrape(packed.address, GZIP))?;
    let best_plain = middle(|_| load::scrape(plain.address, ""))?;
    let all = pair.size.groups;
    let news = [
        ("everything new", all),
        ("1 % new", all.div_ceil(100)),
        ("nothing new", 0),
    ];
    // Ours first, all of it: the real one goes on collecting garbage after it has answered.
    let ours: Vec<Scrape> = news
        .iter()
        .map(|(_, groups)| middle(|time| after_pushes(pair, *groups, time, GZIP)))
        .collect::<Result<_>>()?;
    let our_plain = middle(|_| load::scrape(pair.ours.address, ""))?;
    let mut rows = Vec::new();
    for ((what, groups), ours) in news.iter().zip(&ours) {
        // It makes its page from nothing each time, whatever was pushed.
        let real = load::scrape(pair.real.address, GZIP)?;
        let what = format!("scrape, gzip, {what}, ms");
        rows.push(row(pair, &what, [ours, &real, &best_packed], |scrape| {
            scrape.last
        }));
        if *groups == all {
            rows.push(Row {
                measure: pair.measure("page bytes, gzip"),
                ours: ours.bytes as f64,
                real: Some(real.bytes as f64),
                limit: None,
                digits: 0,
            });
        }
    }
    let real = load::scrape(pair.real.address, "")?;
    let scrapes = [&our_plain, &real, &best_plain];
    rows.push(row(
        pair,
        "scrape, plain, last byte, ms",
        scrapes,
        |scrape| scrape.last,
    ));
    rows.push(row(
        pair,
        "scrape, plain, first byte, ms",
        scrapes,
        |scrape| scrape.first,
    ));
    Ok(rows)
}

/// The formats beside text: their name, and what a scraper that wants them sends.
const FORMATS: [(&str, &str); 2] = [
    (
        "OpenMetrics",
        "Accept: application/openmetrics-text;version=1.0.0\r\n",
    ),
    (
        "protobuf",
        "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n",
    ),
];

/// Scrapes in other formats. The real one never answers with OpenMetrics, ours once somebody has pushed it.
pub(super) fn formats(pair: &Pair<'_>) -> Result<Vec<Row>> {
    let first = load::push(
        "/metrics/job/openmetrics",
        "Content-Type: application/openmetrics-text\r\n",
        b"first 1\n# EOF\n",
    );
    load::once(pair.ours.address, 1, &[first])?;
    let mut rows = Vec::new();
    for (format, accept) in FORMATS {
        let headers = format!("{accept}{GZIP}");
        for (what, groups) in [("everything", pair.size.groups), ("nothing", 0)] {
            let ours = middle(|time| after_pushes(pair, groups, time, &headers))?;
            rows.push(Row {
                measure: pair.measure(&format!("scrape, {format}, gzip, {what} new, ms")),
                ours: milliseconds(ours.last),
                real: None,
                limit: None,
                digits: 1,
            });
        }
    }
    let [_, (_, protobuf)] = FORMATS;
    let real = load::scrape(pair.real.address, &format!("{protobuf}{GZIP}"))?;
    for row in rows
        .iter_mut()
        .filter(|row| row.measure.contains("protobuf"))
    {
        row.real = Some(milliseconds(real.last));
    }
    Ok(rows)
}

/// A scrape as text once every group has been pushed as a Go client does.
pub(super) fn after_go(pair: &Pair<'_>) -> Result<Row> {
    let ours = middle(|time| {
        load::once(pair.ours.address, 64, &pair.size.pushes_of_go(time))?;
        load::scrape(pair.ours.address, GZIP)
    })?;
    Ok(Row {
        measure: pair.measure("scrape, gzip, as many new from Go clients, ms"),
        ours: milliseconds(ours.last),
        real: None,
        limit: None,
        digits: 1,
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A server of the page as ours makes it, ready to be sent.
fn limit(pair: &Pair<'_>, gzip: bool) -> Result<Limit> {
    let mut request = Request::new("GET", "/metrics");
    if gzip {
        request = request.header("Accept-Encoding", "gzip");
    }
    let page = pair.folder.join(if gzip { "page.gz" } else { "page" });
    std::fs::write(&page, pair.ours.send(&request)?.body)?;
    Limit::start("page", &page)
}

/// Scrapes ours once so many of its groups have been pushed again. The first hundred of 10,000 lie evenly among the others in
/// the page, which orders them as text: the dearest hundred there is.
fn after_pushes(pair: &Pair<'_>, groups: usize, time: usize, headers: &str) -> Result<Scrape> {
    if groups > 0 {
        let requests = pair.size.pushes(10 + time);
        load::once(
            pair.ours.address,
            groups.min(64),
            requests.get(..groups).unwrap_or(&requests),
        )?;
    }
    load::scrape(pair.ours.address, headers)
}

/// The one of [`TIMES`] scrapes that took neither longest nor shortest.
fn middle(mut scrape: impl FnMut(usize) -> Result<Scrape>) -> Result<Scrape> {
    let mut scrapes = (0..TIMES).map(&mut scrape).collect::<Result<Vec<_>>>()?;
    scrapes.sort_by_key(|scrape| scrape.last);
    Ok(scrapes.swap_remove(TIMES / 2))
}

fn row(
    pair: &Pair<'_>,
    what: &str,
    scrapes: [&Scrape; 3],
    time: impl Fn(&Scrape) -> Duration,
) -> Row {
    let [ours, real, limit] = scrapes.map(|scrape| milliseconds(time(scrape)));
    Row {
        measure: pair.measure(what),
        ours,
        real: Some(real),
        limit: Some(limit),
        digits: 1,
    }
}
