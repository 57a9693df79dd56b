//! The families of one name, of all groups, in page order.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use imbl::OrdSet;
use promontory_exposition::gzip::Block;
use promontory_exposition::page::{Chunk, SortKey};

use crate::family::PushedFamily;

/// All groups' families of one name.
#[derive(Debug, Default)]
pub(crate) struct FamilyView {
    pub(crate) members: OrdSet<Member>,
    /// How many members have names that are spelled differently for different readers.
    pub(crate) unclassic: usize,
    /// The rendered lines, compressed when a scrape first asks for them; see [`crate::page`].
    pub(crate) block: OnceLock<Block>,
}

impl Clone for FamilyView {
    /// A copy is made to be changed, so what was made from the members stays behind.
    fn clone(&self) -> Self {
        Self {
            members: self.members.clone(),
            unclassic: self.unclassic,
            block: OnceLock::new(),
        }
    }
}

/// A group's family in page order: by its first metric, then by group. Always has a chunk.
#[derive(Clone, Debug)]
pub(crate) struct Member(pub(crate) Arc<PushedFamily>);

impl Member {
    fn first(&self) -> Option<&SortKey> {
        self.0.chunk.as_ref().map(Chunk::first)
    }
}

impl Ord for Member {
    fn cmp(&self, other: &Self) -> Ordering {
        self.first()
            .cmp(&other.first())
            .then_with(|| self.0.key.cmp(&other.0.key))
    }
}

impl PartialOrd for Member {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Member {}
