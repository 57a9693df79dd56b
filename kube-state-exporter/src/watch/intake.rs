//! Objects in, lines out: the part of a list or watch that is not about the network.

use std::collections::HashSet;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::identity::Identity;
use crate::feed::{PIECE_BYTES_MAX, Piece};
use crate::lines::Lines;
use crate::resource::Row;
use crate::samples::{Owner, Rendering, Selection};
use crate::shard::Shard;
use crate::stats::Stats;

/// How many unreadable objects are remembered, so that each is logged once.
const COMPLAINTS_MAX: usize = 256;

/// Takes the objects of one resource in one namespace.
pub(super) struct Intake {
    pub(super) row: &'static Row,
    pub(super) selection: Arc<Selection>,
    pub(super) lines: Arc<Lines>,
    pub(super) stats: Arc<Stats>,
    pub(super) shard: Option<Shard>,
    /// The number of our namespace among those of the resource.
    pub(super) scope: usize,
    /// The version seen last.
    pub(super) version: String,
    rendering: Rendering,
    complaints: HashSet<Owner>,
}

impl Intake {
    pub(super) fn new(
        row: &'static Row,
        selection: Arc<Selection>,
        lines: Arc<Lines>,
        stats: Arc<Stats>,
    ) -> Self {
        Self {
            row,
            selection,
            lines,
            stats,
            shard: None,
            scope: 0,
            version: String::new(),
            rendering: Rendering::default(),
            complaints: HashSet::new(),
        }
    }

    /// A list begins; lines of an earlier one stay.
    pub(super) fn begin_list(&mut self) {
        self.lines.begin_list(self.scope);
    }

    /// The list is whole up to this version.
    pub(super) fn end_list(&mut self, version: String) {
        self.version = version;
        self.lines.end_list(self.scope);
        self.stats.lists_ok.add();
        // What the largest object needed is given back: there are many of us, and from now on we mostly wait.
        self.rendering = Rendering::default();
    }

    /// An item of a list.
    pub(super) fn item(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Whole(object) => self.put(object),
            Piece::TooLong(beginning) => self.too_long(beginning),
        }
    }

    /// An object is there, new or changed.
    pub(super) fn put(&mut self, object: &[u8]) {
        if let Some(shard) = self.shard {
            let identity = Identity::find(object);
            if !shard.keeps(&identity.uid) {
                self.saw(&identity.version);
                return;
            }
        }
        // One odd object must not end the watch of all others; a rendering that was left half done is begun anew.
        let (row, selection, rendering) = (self.row, &self.selection, &mut self.rendering);
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            (row.render)(object, selection, rendering)
        }));
        match rendered {
            Ok(Ok(())) if !self.rendering.owner.name.is_empty() => {
                self.lines.put(self.scope, &self.rendering);
                self.stats.puts.add();
                if !self.rendering.version.is_empty() {
                    self.version.clone_from(&self.rendering.version);
                }
            }
            Ok(Ok(())) => self.unreadable(object, &"it has no name"),
            Ok(Err(error)) => self.unreadable(object, &error),
            Err(_) => self.unreadable(object, &"a family panicked"),
        }
    }

    /// An object is gone.
    pub(super) fn remove(&mut self, object: &[u8]) {
        let identity = Identity::find(object);
        if identity.owner.name.is_empty() {
            self.unreadable(object, &"it has no name");
            return;
        }
        self.lines.remove(&identity.owner);
        self.stats.removes.add();
        self.saw(&identity.version);
    }

    /// An object that is too long to be read.
    pub(super) fn too_long(&mut self, beginning: &[u8]) {
        self.unreadable(
            beginning,
            &format_args!("it is longer than {} MiB", PIECE_BYTES_MAX >> 20),
        );
    }

    /// An object that cannot be read has no lines: those it had show what it no longer is.
    fn unreadable(&mut self, object: &[u8], error: &dyn Display) {
        let Identity { owner, version, .. } = Identity::find(object);
        self.stats.unreadable.add();
        self.lines.remove(&owner);
        self.saw(&version);
        if self.complaints.len() < COMPLAINTS_MAX && self.complaints.insert(owner.clone()) {
            let Owner { namespace, name } = owner;
            tracing::warn!(resource = self.row.name, namespace, name, %error, "Cannot read an object");
        }
    }

    fn saw(&mut self, version: &str) {
        if !version.is_empty() {
            version.clone_into(&mut self.version);
        }
    }
}
