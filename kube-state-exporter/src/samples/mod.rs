//! What the families of a resource write into while one object is rendered.
//!
//! A [`Rendering`] is one object's samples as text and numbers, in one arena that is used again for the next object;
//! [`lines`](crate::lines) makes a compact record of it. [`Samples`] is the view a family's function gets.

mod allow;
mod name;

use promontory_exposition::line;

use crate::object::{Meta, Time};

pub use allow::{Allow, AllowError};

/// What a common label shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// `metadata.namespace`
    Namespace,
    /// `metadata.name`
    Name,
    /// `metadata.uid`
    Uid,
}

/// The statuses of a condition and the words families show for them.
pub const CONDITION_STATUSES: [(&str, &str); 3] =
    [("True", "true"), ("False", "false"), ("Unknown", "unknown")];

/// 1 or 0.
pub fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}

/// Which families of a resource are shown, and which labels and annotations of its objects.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Places in the resource's list of families, ascending.
    pub families: Vec<usize>,
    /// Labels shown by `kube_…_labels`; empty: no sample at all.
    pub labels: Allow,
    /// Annotations shown by `kube_…_annotations`; empty: no sample at all.
    pub annotations: Allow,
}

/// One object's samples.
#[derive(Debug, Default)]
pub struct Rendering {
    /// Namespace and name: who it is.
    pub(crate) owner: Owner,
    /// Its version, which a watch goes on from.
    pub(crate) version: String,
    /// Label text: first the common labels, then those of each sample that has any.
    text: Vec<u8>,
    common: usize,
    samples: Vec<Sample>,
}

/// Namespace and name of an object; unique within its resource.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Owner {
    /// The namespace; empty for objects of the cluster.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// One sample: its family's place in the selection, where its labels lie in the text, its value.
#[derive(Clone, Copy, Debug)]
struct Sample {
    family: u8,
    start: usize,
    end: usize,
    value: f64,
}

impl Rendering {
    /// Starts the next object.
    pub(crate) fn begin(&mut self, meta: &Meta<'_>, common: &[(&str, Part)]) {
        self.text.clear();
        self.samples.clear();
        self.owner.namespace.clear();
        self.owner.namespace.push_str(&meta.namespace);
        self.owner.name.clear();
        self.owner.name.push_str(&meta.name);
        self.version.clear();
        self.version.push_str(&meta.resource_version);
        for (at, (name, part)) in common.iter().enumerate() {
            let value = match part {
                Part::Namespace => &meta.namespace,
                Part::Name => &meta.name,
                Part::Uid => &meta.uid,
            };
            if at > 0 {
                self.text.push(b',');
            }
            line::labels(&[(name, value)], &mut self.text);
        }
        self.common = self.text.len();
    }

    /// The text of the common labels.
    pub(crate) fn common(&self) -> &[u8] {
        &self.text[..self.common]
    }

    /// The samples: family, label text without the common labels, value.
    pub(crate) fn samples(&self) -> impl Iterator<Item = (u8, &[u8], f64)> {
        self.samples.iter().map(|sample| {
            (
                sample.family,
                &self.text[sample.start..sample.end],
                sample.value,
            )
        })
    }

    /// Adds a sample whose labels were written to the text from `start` on. A series that the family has already is
    /// dropped: an object with two containers of one name must not cost everybody the scrape.
    fn push(&mut self, family: u8, start: usize, value: f64) {
        let end = self.text.len();
        let labels = &self.text[start..end];
        let mut before = self
            .samples
            .iter()
            .rev()
            .take_while(|sample| sample.family == family);
        if before.any(|sample| self.text[sample.start..sample.end] == *labels) {
            self.text.truncate(start);
            return;
        }
        self.samples.push(Sample {
            family,
            start,
            end,
            value,
        });
    }
}

/// The samples of one family of one object.
#[derive(Debug)]
pub struct Samples<'s> {
    family: u8,
    selection: &'s Selection,
    rendering: &'s mut Rendering,
}

impl<'s> Samples<'s> {
    /// For the family at this place of the selection.
    pub(crate) fn new(at: usize, selection: &'s Selection, rendering: &'s mut Rendering) -> Self {
        Self {
            // The table refuses resources with more families than a byte tells apart.
            family: at as u8,
            selection,
            rendering,
        }
    }

    /// Adds a sample; `labels` follow the common ones, in this order.
    pub fn add(&mut self, labels: &[(&str, &str)], value: f64) {
        let start = self.rendering.text.len();
        line::labels(labels, &mut self.rendering.text);
        self.rendering.push(self.family, start, value);
    }

    /// Adds a sample with the common labels only.
    pub fn value(&mut self, value: f64) {
        self.add(&[], value);
    }

    /// Adds a number where there is one.
    pub fn number(&mut self, value: Option<impl Into<f64>>) {
        if let Some(value) = value {
            self.value(value.into());
        }
    }

    /// Adds a point in time where it is set.
    pub fn time(&mut self, time: Time) {
        self.number(time.seconds());
    }

    /// The sample of a `kube_…_labels` family, if any labels are allowed for the resource.
    pub fn labels(&mut self, meta: &Meta<'_>) {
        let selection = self.selection;
        self.mapped("label", &meta.labels, &selection.labels);
    }

    /// The sample of a `kube_…_annotations` family, if any annotations are allowed for the resource.
    pub fn annotations(&mut self, meta: &Meta<'_>) {
        let selection = self.selection;
        self.mapped("annotation", &meta.annotations, &selection.annotations);
    }

    /// Adds a sample of value 1 whose labels are a map's pairs, each name made a label name with this prefix:
    /// `label_app_kubernetes_io_name`. Upstream's `createPrometheusLabelKeysValues`.
    fn mapped(&mut self, prefix: &str, pairs: &crate::object::Pairs<'_>, allow: &Allow) {
        if allow.is_empty() {
            return;
        }
        let allowed = pairs.iter().filter(|(key, _)| allow.has(key));
        self.add_mapped(prefix, &[], allowed.map(|(key, value)| (&**key, &**value)));
    }

    /// Adds a sample of value 1: `labels`, then pairs whose names become label names with this prefix. The pairs come
    /// sorted by key.
    pub fn add_mapped<'p>(
        &mut self,
        prefix: &str,
        labels: &[(&str, &str)],
        pairs: impl Iterator<Item = (&'p str, &'p str)>,
    ) {
        let pairs: Vec<(&str, &str)> = pairs.collect();
        let names = name::label_names(prefix, pairs.iter().map(|(key, _)| *key));
        let mut all = labels.to_vec();
        all.extend(
            names
                .iter()
                .zip(&pairs)
                .map(|(name, (_, value))| (&**name, *value)),
        );
        self.add(&all, 1.0);
    }
}
