//! Families of many files, put together to what may stand on one page.
//!
//! The rules are upstream's and those of the Go client's `Gather`, which upstream leaves some of them to: of two helps
//! or two types of one name the first wins and the other file's series go; of two equal series the first wins; a
//! family that looks like a part of another's histogram goes. What goes is logged.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use promontory_exposition::batch::Batch;
use promontory_exposition::format::Limits;
use promontory_exposition::model::{Family, Header, Kind, Metric, Value};
use promontory_exposition::name::NameRules;
use promontory_exposition::text;
use tracing::error;

use super::files::Content;

/// Bounds of one file; it is short enough already.
const LIMITS: Limits = Limits {
    metrics: 1_000_000,
    labels: 1_000,
};

/// What the files of a scrape hold.
#[derive(Default)]
pub(super) struct Merged<'t> {
    families: Vec<Family<'t>>,
    /// Help texts by name, and whether another one came.
    helps: HashMap<String, (String, bool)>,
    files: HashMap<String, Vec<&'t str>>,
    mtimes: BTreeMap<&'t str, i64>,
    errored: bool,
}

impl<'t> Merged<'t> {
    /// Notes a file or folder that gives nothing.
    pub(super) fn fail(&mut self, path: &str, err: &dyn std::fmt::Display) {
        error!(file = path, %err, "failed to collect textfile data");
        self.errored = true;
    }

    /// Takes the families of a file; `is_taken` tells names that others of our collectors write.
    pub(super) fn add(&mut self, content: &'t Content, is_taken: &dyn Fn(&str) -> bool) {
        let path = &*content.path;
        let families = match text::read(&content.bytes, NameRules::Classic, &LIMITS) {
            Ok(families) => families,
            Err(err) => return self.fail(path, &err),
        };
        let mut metrics = families.iter().flat_map(|family| &family.metrics);
        if metrics.any(|metric| metric.timestamp_ms.is_some()) {
            return self.fail(
                path,
                &"contains unsupported client-side timestamps, skipping entire file",
            );
        }
        for family in families {
            if is_taken(&family.name) {
                let name = &family.name;
                self.fail(path, &format_args!("{name} is a metric of this exporter"));
            } else if self.agrees(&family, path) {
                let files = self.files.entry(family.name.clone().into_owned());
                files.or_default().push(path);
                self.families.push(family);
            }
        }
        self.mtimes.insert(path, content.mtime);
    }

    /// Whether the help of a family is the one its name had before. Once another came, no more families are taken.
    fn agrees(&mut self, family: &Family<'t>, path: &str) -> bool {
        let name = &*family.name;
        match (self.helps.get_mut(name), &family.help) {
            (Some((first, torn)), help) => {
                if !*torn && help.as_ref().is_none_or(|help| help == first) {
                    return true;
                }
                *torn = true;
                self.errored = true;
                error!(metric = name, file = path, "inconsistent metric help text");
                false
            }
            (None, Some(help)) => {
                let help = help.clone().into_owned();
                self.helps.insert(name.to_owned(), (help, false));
                true
            }
            (None, None) => true,
        }
    }

    /// Writes what fits together.
    pub(super) fn write(&self, batch: &mut Batch) {
        let mut page = Page::default();
        for family in &self.families {
            let help = match &family.help {
                Some(help) => Cow::Borrowed(&**help),
                None => {
                    let files = self.files.get(&*family.name);
                    let files = files.map_or(String::new(), |files| files.join(", "));
                    Cow::Owned(format!("Metric read from {files}"))
                }
            };
            page.write(family, &help, batch);
        }
    }

    /// Path and time of each file that was read.
    pub(super) fn mtimes(&self) -> impl Iterator<Item = (&'t str, f64)> {
        self.mtimes
            .iter()
            .map(|(path, mtime)| (*path, *mtime as f64))
    }

    /// Whether anything could not be read, or did not agree.
    pub(super) fn errored(&self) -> bool {
        self.errored
    }
}

/// What has been written so far.
#[derive(Default)]
struct Page {
    families: HashMap<String, (Kind, String)>,
    series: HashSet<String>,
}

impl Page {
    fn write(&mut self, family: &Family<'_>, help: &str, batch: &mut Batch) {
        let name = &*family.name;
        match self.families.get(name) {
            Some((kind, first)) if *kind != family.kind || first != help => {
                return error!(metric = name, "another type or help than before");
            }
            Some(_) => {}
            None if self.is_part(name, family.kind) => {
                return error!(metric = name, "looks like a part of another metric");
            }
            None => {
                let header = (family.kind, help.to_owned());
                self.families.insert(name.to_owned(), header);
            }
        }
        // All members get the labels of all, as upstream gives them: those they lack are empty.
        let mut names: Vec<&str> = Vec::new();
        for label in family.metrics.iter().flat_map(|metric| &metric.labels) {
            if !names.contains(&&*label.name) {
                names.push(&label.name);
            }
        }
        names.sort_unstable();
        if names.iter().any(|label| label.starts_with("__")) {
            return error!(metric = name, "a label begins with two underscores");
        }
        let header = Header::of(name, help, family.kind);
        let mut open = batch.family(header);
        let mut labels = Vec::with_capacity(names.len());
        for metric in &family.metrics {
            labels.clear();
            labels.extend(names.iter().map(|label| (*label, value(metric, label))));
            if self.series.insert(format!("{name}{labels:?}")) {
                open.metric(&labels, &settled(&metric.value), None);
            } else {
                error!(
                    metric = name,
                    ?labels,
                    "a series twice; the first one counts"
                );
            }
        }
    }

    /// Whether a name stands for a part of a family on the page, or the other way round.
    fn is_part(&self, name: &str, kind: Kind) -> bool {
        let parts = |kind: Kind| -> &[&str] {
            match kind {
                Kind::Histogram => &["_count", "_sum", "_bucket"],
                Kind::Summary => &["_count", "_sum"],
                _ => &[],
            }
        };
        let has = |part: &&str| self.families.contains_key(&format!("{name}{part}"));
        let of = |part: &str| {
            let whole = name.strip_suffix(part);
            let whole = whole.and_then(|whole| self.families.get(whole));
            whole.is_some_and(|(kind, _)| parts(*kind).contains(&part))
        };
        parts(kind).iter().any(has) || ["_count", "_sum", "_bucket"].into_iter().any(of)
    }
}

fn value<'m>(metric: &'m Metric<'_>, label: &str) -> &'m str {
    let found = metric.labels.iter().find(|own| own.name == label);
    found.map_or("", |own| &own.value)
}

/// A value with its buckets and quantiles in order, each bound once; the last of several counts.
fn settled<'v>(value: &'v Value<'v>) -> Cow<'v, Value<'v>> {
    let mut value = match value {
        Value::Summary(_) | Value::Histogram(_) => value.clone(),
        plain => return Cow::Borrowed(plain),
    };
    match &mut value {
        Value::Summary(summary) => {
            summary.quantiles.reverse();
            summary
                .quantiles
                .sort_by(|a, b| a.quantile.total_cmp(&b.quantile));
            summary.quantiles.dedup_by(|b, a| a.quantile == b.quantile);
        }
        Value::Histogram(histogram) => {
            histogram.buckets.reverse();
            histogram
                .buckets
                .sort_by(|a, b| a.upper_bound.total_cmp(&b.upper_bound));
            histogram
                .buckets
                .dedup_by(|b, a| a.upper_bound == b.upper_bound);
        }
        _ => {}
    }
    Cow::Owned(value)
}

#[cfg(test)]
mod tests;
