//! The pushgateways: a file a question. Both hold the same, and answer one after the other.
//!
//! The real program's pushes and scrapes take as long as all it holds takes, so it is measured a few times only, and not
//! at all where a single round of requests would take minutes.

mod disk;
mod memory;
mod mixed;
mod pushes;
mod restart;
mod scrapes;

use std::path::Path;

use anyhow::Result;
use promontory_tests::gateway::{Gateway, Which};

use crate::held::{self, Size};
use crate::table::Row;

/// Small: what the growth of a push is measured from.
const SMALL: Size = Size {
    groups: 100,
    series: 10,
};
/// Many small groups.
const MANY: Size = Size {
    groups: 10_000,
    series: 10,
};
/// As many groups, large ones: a million series.
const LARGE: Size = Size {
    groups: 10_000,
    series: 100,
};

/// Both gateways, holding the same.
struct Pair<'a> {
    size: Size,
    /// In memory only, so that the disk says nothing.
    ours: Gateway,
    /// It keeps in memory what it has; its file is written minutes later.
    real: Gateway,
    /// For files of what is measured.
    folder: &'a Path,
}

impl<'a> Pair<'a> {
    fn filled(size: Size, folder: &'a Path) -> Result<Self> {
        eprintln!("{} series held: filling both gateways …", size.total());
        Ok(Self {
            size,
            ours: held::in_memory(size, folder)?,
            real: held::filled(Which::Real, size, folder)?,
            folder,
        })
    }

    /// A row's name: what is measured, and what is held meanwhile.
    fn measure(&self, what: &str) -> String {
        format!("{what}, {} series held", self.size.total())
    }
}

/// Every row about pushgateways.
pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    let [small, many, large] = [SMALL, MANY, LARGE].map(Size::asked_for);
    let pair = Pair::filled(small, folder)?;
    let mut rows = pushes::rows(&pair)?;
    let few_held = pushes::of_ten_series(&pair)?;
    rows.push(pushes::from_go(&pair)?);
    drop(pair);

    let pair = Pair::filled(many, folder)?;
    rows.extend(read(&pair)?);
    rows.extend(pushes::rows(&pair)?);
    rows.push(scrapes::after_go(&pair)?);
    drop(pair);

    let pair = Pair::filled(large, folder)?;
    rows.extend(read(&pair)?);
    rows.extend(scrapes::formats(&pair)?);
    rows.extend(pushes::rows(&pair)?);
    rows.push(pushes::growth(&pair, &few_held)?);
    // The real one holds gigabytes by now; the next parts start others.
    drop(pair);
    rows.extend(mixed::rows(large, folder)?);
    rows.extend(restart::rows(large, folder)?);
    rows.extend(disk::rows(large, folder)?);
    Ok(rows)
}

/// What is held and what reading it costs, before pushes have moved anything.
fn read(pair: &Pair<'_>) -> Result<Vec<Row>> {
    let mut rows = vec![memory::loaded(pair)?];
    rows.extend(scrapes::rows(pair)?);
    rows.extend(memory::scraped(pair)?);
    Ok(rows)
}
