//! Scrapes: how long one takes, by what has changed since the last.

use std::time::Duration;

use anyhow::Result;
use promontory_tests::http::Request;

use super::Pair;
use crate::limit::Limit;
use crate::load::{self, Scrape};
use crate::table::Row;

/// Scrapes of ours and of the limit that the middle one is taken of; the real one, which takes seconds, is asked once.
const TIMES: usize = 3;

/// Scrapes, compressed and plain, and how many bytes came.
pub(super) fn rows(pair: &Pair<'_>) -> Result<Vec<Row>> {
    let [packed, plain] = [limit(pair, true)?, limit(pair, false)?];
    let best_packed = middle(|_| load::scrape(packed.address, true))?;
    let best_plain = middle(|_| load::scrape(plain.address, false))?;
    let all = pair.size.groups;
    let mut rows = Vec::new();
    for (what, groups) in [
        ("everything new", all),
        ("1 % new", all.div_ceil(100)),
        ("nothing new", 0),
    ] {
        let ours = middle(|time| after_pushes(pair, groups, time))?;
        // It makes its page from nothing each time, whatever was pushed.
        let real = load::scrape(pair.real.address, true)?;
        let what = format!("scrape, gzip, {what}, ms");
        rows.push(row(pair, &what, [&ours, &real, &best_packed], |scrape| {
            scrape.last
        }));
        if groups == all {
            rows.push(Row {
                measure: pair.measure("page bytes, gzip"),
                ours: ours.bytes as f64,
                real: Some(real.bytes as f64),
                limit: None,
                digits: 0,
            });
        }
    }
    let ours = middle(|_| load::scrape(pair.ours.address, false))?;
    let real = load::scrape(pair.real.address, false)?;
    let scrapes = [&ours, &real, &best_plain];
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
fn after_pushes(pair: &Pair<'_>, groups: usize, time: usize) -> Result<Scrape> {
    if groups > 0 {
        let requests = pair.size.pushes(10 + time);
        load::once(
            pair.ours.address,
            groups.min(64),
            requests.get(..groups).unwrap_or(&requests),
        )?;
    }
    load::scrape(pair.ours.address, true)
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
    let [ours, real, limit] = scrapes.map(|scrape| time(scrape).as_secs_f64() * 1e3);
    Row {
        measure: pair.measure(what),
        ours,
        real: Some(real),
        limit: Some(limit),
        digits: 1,
    }
}
