//! The resources: the table, and what a resource is.
//!
//! A resource is a row in [`TABLE`] and a file beside this one. The file holds a slim struct, which borrows from the
//! JSON and has the fields its families read, and the families in the order in which kube-state-metrics prints them,
//! each with a function that generates its samples. Flags, RBAC rules, README rows and tests come from the table.

mod cronjob;
mod daemonset;
mod deployment;
mod job;
mod namespace;
mod node;
mod pod;
mod replicaset;
mod service;
mod share;
mod statefulset;
#[cfg(test)]
mod testing;
mod unit;

use serde::Deserialize;

use promontory_exposition::Kind;
use promontory_exposition::model::Header;

use crate::object::Meta;
use crate::samples::{Rendering, Samples, Selection};

pub use crate::samples::Part;

/// Every resource, by name; the first column of the README's table and the default of `--resources`.
pub const TABLE: &[Row] = &[
    row::<cronjob::CronJobs>(),
    row::<daemonset::DaemonSets>(),
    row::<deployment::Deployments>(),
    row::<job::Jobs>(),
    row::<namespace::Namespaces>(),
    row::<node::Nodes>(),
    row::<pod::Pods>(),
    row::<replicaset::ReplicaSets>(),
    row::<service::Services>(),
    row::<statefulset::StatefulSets>(),
];

/// A resource of the API server that has families: the one thing a new file implements.
pub trait Resource: Sized + 'static {
    /// One object, as much of it as the families read.
    type Object<'a>: Deserialize<'a>;

    /// The plural, in flags and in the API's paths: `pods`.
    const NAME: &'static str;
    /// The API group; empty for the core.
    const GROUP: &'static str;
    /// The version read: `v1`.
    const VERSION: &'static str;
    /// Whether objects live in namespaces.
    const NAMESPACED: bool;
    /// The labels that every sample of an object begins with, and what they show.
    const COMMON: &'static [(&'static str, Part)];
    /// Its families, in the order of the page.
    const FAMILIES: &'static [Family<Self>];

    /// The object's metadata.
    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a>;
}

/// A family and how its samples are generated.
pub struct Family<R: Resource> {
    /// What the family says of itself.
    pub about: About,
    /// Writes the samples of one object.
    pub generate: for<'o, 'a, 's> fn(&'o R::Object<'a>, &mut Samples<'s>),
}

/// What a family says of itself, and who gets it.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The metric name.
    pub name: &'static str,
    /// The HELP text without the mark of its stability.
    pub help: &'static str,
    /// The type.
    pub kind: Kind,
    /// Whether upstream promises not to change it: HELP says so.
    pub stable: bool,
    /// Whether it is shown only if `--metric-opt-in-list` names it.
    pub opt_in: bool,
}

impl<R: Resource> Family<R> {
    /// A gauge that upstream promises to keep.
    pub const fn stable(
        name: &'static str,
        help: &'static str,
        generate: for<'o, 'a, 's> fn(&'o R::Object<'a>, &mut Samples<'s>),
    ) -> Self {
        Self {
            about: About {
                name,
                help,
                kind: Kind::Gauge,
                stable: true,
                opt_in: false,
            },
            generate,
        }
    }

    /// A gauge that may still change.
    pub const fn alpha(
        name: &'static str,
        help: &'static str,
        generate: for<'o, 'a, 's> fn(&'o R::Object<'a>, &mut Samples<'s>),
    ) -> Self {
        let mut family = Self::stable(name, help, generate);
        family.about.stable = false;
        family
    }

    /// The same family as a counter.
    #[must_use]
    pub const fn counter(mut self) -> Self {
        self.about.kind = Kind::Counter;
        self
    }

    /// The same family, shown only on demand.
    #[must_use]
    pub const fn opt_in(mut self) -> Self {
        self.about.opt_in = true;
        self
    }
}

impl About {
    /// HELP as it is printed, with the mark of stability.
    pub fn help_text(&self) -> String {
        if self.stable {
            format!("[STABLE] {}", self.help)
        } else {
            self.help.to_owned()
        }
    }

    /// The family's header with this HELP text.
    pub fn header<'h>(&'h self, help: &'h str) -> Header<'h> {
        Header::of(self.name, help, self.kind)
    }
}

/// A resource as the rest of the program sees it, whatever the type of its objects.
#[derive(Clone, Copy)]
pub struct Row {
    /// See [`Resource::NAME`].
    pub name: &'static str,
    /// See [`Resource::GROUP`].
    pub group: &'static str,
    /// See [`Resource::VERSION`].
    pub version: &'static str,
    /// See [`Resource::NAMESPACED`].
    pub namespaced: bool,
    /// What its families say of themselves, in the order of the page.
    pub families: fn() -> Vec<About>,
    /// Reads one object and generates the samples of the selected families.
    pub render: fn(&[u8], &Selection, &mut Rendering) -> Result<(), serde_json::Error>,
}

impl Row {
    /// The path of the API: `/api/v1` or `/apis/GROUP/VERSION`.
    pub fn api_path(&self) -> String {
        if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        }
    }
}

/// The row called `name`.
pub fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

const fn row<R: Resource>() -> Row {
    // A record names a family with one byte.
    assert!(R::FAMILIES.len() < 256, "too many families");
    Row {
        name: R::NAME,
        group: R::GROUP,
        version: R::VERSION,
        namespaced: R::NAMESPACED,
        families: families::<R>,
        render: render::<R>,
    }
}

fn families<R: Resource>() -> Vec<About> {
    R::FAMILIES.iter().map(|family| family.about).collect()
}

fn render<R: Resource>(
    json: &[u8],
    selection: &Selection,
    rendering: &mut Rendering,
) -> Result<(), serde_json::Error> {
    // Checking the whole for UTF-8 costs less than each text in it. Where it is none, only the texts that are read count.
    let object: R::Object<'_> = match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text)?,
        Err(_) => serde_json::from_slice(json)?,
    };
    let meta = R::meta(&object);
    rendering.begin(meta, R::COMMON);
    for (at, &family) in selection.families.iter().enumerate() {
        let mut samples = Samples::new(at, selection, rendering);
        (R::FAMILIES[family].generate)(&object, &mut samples);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(name: &str, json: &[u8]) -> Result<(), serde_json::Error> {
        let row = find(name).unwrap();
        let selection = Selection {
            families: (0..(row.families)().len()).collect(),
            ..Selection::default()
        };
        (row.render)(json, &selection, &mut Rendering::default())
    }

    #[test]
    fn bytes_that_are_no_text_cost_the_object_only_where_they_are_read() {
        assert!(render("services", b"{\"data\":\"\xff\"}").is_ok());
        assert!(render("services", b"{\"metadata\":{\"name\":\"\xff\"}}").is_err());
    }

    #[test]
    fn damaged_objects_are_read_or_refused() {
        let pods = include_str!("cases/pods.txt");
        let objects = pods.lines().filter(|line| line.starts_with('{'));
        let (mut read, mut refused) = (0, 0);
        for object in objects {
            for at in (0..object.len()).step_by(5) {
                for byte in *b"\"9n{]-" {
                    let mut damaged = object.as_bytes().to_vec();
                    damaged[at] = byte;
                    match render("pods", &damaged) {
                        Ok(()) => read += 1,
                        Err(_) => refused += 1,
                    }
                }
                assert!(render("pods", &object.as_bytes()[..at]).is_err());
            }
        }
        assert!(read > 1000 && refused > 1000, "{read}, {refused}");
    }
}
