//! The shapes in use, each once.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, PoisonError, RwLock, Weak};

use hashbrown::{DefaultHashBuilder, HashTable};
use promontory_exposition::Kind;

use super::Shape;
use crate::group::GroupingKey;

/// Places of shapes that are gone are looked for when this many have come since the last time, at least.
const SWEEP_MIN: usize = 256;

/// One for the whole process: a shape is a value, whoever uses it.
static SHAPES: LazyLock<Shapes> = LazyLock::new(Shapes::default);

/// Shapes by what they are.
#[derive(Default)]
struct Shapes {
    hasher: DefaultHashBuilder,
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    /// With their hashes. A shape goes with its last user; only its place here waits for the next sweep.
    shapes: HashTable<(u64, Weak<Shape>)>,
    /// How many may be in the table before places of shapes that are gone are looked for.
    sweep_at: usize,
}

/// What tells one shape from another.
pub(super) struct Spelling<'a> {
    /// The type, where the bytes do not say it.
    pub(super) unsaid: Option<Kind>,
    pub(super) bytes: &'a [u8],
    pub(super) key: &'a GroupingKey,
}

impl Hash for Spelling<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.unsaid.hash(state);
        self.bytes.hash(state);
        for label in self.key.labels() {
            label.name.hash(state);
        }
    }
}

/// The shape of a spelling: one that is in use, or a new one.
pub(super) fn intern(spelling: &Spelling<'_>, make: impl FnOnce() -> Shape) -> Arc<Shape> {
    let hash = SHAPES.hasher.hash_one(spelling);
    if let Some(shape) = look_up(hash, spelling) {
        return shape;
    }
    let shape = Arc::new(make());
    // What is wrong with an unsound one is told in words about this push; it is nobody else's.
    if shape.unsound.is_some() {
        return shape;
    }
    let mut table = SHAPES.table.write().unwrap_or_else(PoisonError::into_inner);
    if table.shapes.len() >= table.sweep_at {
        table.shapes.retain(|(_, shape)| shape.strong_count() > 0);
        table.shapes.shrink_to_fit(|(hash, _)| *hash);
        table.sweep_at = table.shapes.len() * 2 + SWEEP_MIN;
    }
    // Another thread may have come first; then both are right, and later pushes find either.
    table
        .shapes
        .insert_unique(hash, (hash, Arc::downgrade(&shape)), |(hash, _)| *hash);
    shape
}

/// The shape of a spelling, if it is in use.
pub(super) fn find(spelling: &Spelling<'_>) -> Option<Arc<Shape>> {
    look_up(SHAPES.hasher.hash_one(spelling), spelling)
}

fn look_up(hash: u64, spelling: &Spelling<'_>) -> Option<Arc<Shape>> {
    let table = SHAPES.table.read().unwrap_or_else(PoisonError::into_inner);
    let is_it = |shape: &Arc<Shape>| shape.is(spelling);
    let alike = table
        .shapes
        .iter_hash(hash)
        .filter(|(other, _)| *other == hash);
    alike.filter_map(|(_, shape)| shape.upgrade()).find(is_it)
}
