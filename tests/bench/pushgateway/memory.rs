//! Memory of the whole process, divided by the series it holds.

use anyhow::Result;

use super::Pair;
use crate::measure;
use crate::table::Row;

/// Before anybody has scraped: ours after the pushes that filled it, the real one after it read its file.
pub(super) fn loaded(pair: &Pair<'_>) -> Result<Row> {
    let [(ours, _), (real, _)] = both(pair)?;
    Ok(row(pair, "resident bytes a series, loaded", ours, real))
}

/// After scrapes: what stays for the next one, and the most there was.
pub(super) fn scraped(pair: &Pair<'_>) -> Result<[Row; 2]> {
    let [(ours, our_peak), (real, real_peak)] = both(pair)?;
    Ok([
        row(pair, "resident bytes a series, after scrapes", ours, real),
        row(pair, "highest resident bytes a series", our_peak, real_peak),
    ])
}

/// Resident now and at its highest, of ours and of the real one.
fn both(pair: &Pair<'_>) -> Result<[(u64, u64); 2]> {
    Ok([
        measure::memory(pair.ours.process.pid())?,
        measure::memory(pair.real.process.pid())?,
    ])
}

fn row(pair: &Pair<'_>, what: &str, ours: u64, real: u64) -> Row {
    let series = pair.size.total() as f64;
    Row {
        measure: pair.measure(what),
        ours: ours as f64 / series,
        real: Some(real as f64 / series),
        limit: None,
        digits: 0,
    }
}
