//! The samples of all objects of one resource, a few hundred bytes an object, and pages made of them.
//!
//! An object's samples are a record (`record.rs`); 256 objects are a block (`block.rs`), which shares the label texts
//! its objects have in common (`texts.rs`) and keeps each family's lines compressed once a scrape asked for them.
//! Blocks are shared with the scrapes that read them and copied when one changes meanwhile: a scrape sees one moment,
//! waits for nobody and holds nobody up.
//!
//! Whole or nothing: lines are shown once every scope's first list is whole. A list that is made again (after `410
//! Gone`, say) changes objects one by one beside those not seen yet, and takes away what it did not name only at its
//! end. Objects are told apart by namespace and name, which no two have at a time: a page never holds one series
//! twice, also while an object that was deleted and made again is listed.

mod block;
mod page;
mod record;
mod texts;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::resource::About;
use crate::samples::{Owner, Rendering};

use block::Block;

pub use page::{Page, Piece};

/// How many objects a block holds. Larger blocks compress better, smaller ones are cheaper to make again: 64 KiB of
/// text for a family of one sample an object.
const BLOCK_OBJECTS: usize = 256;

/// The lines of one resource. All methods take `&self`; none blocks longer than one object takes.
pub struct Lines {
    /// The families shown, in the order of the page.
    families: Arc<[About]>,
    /// Each family's header.
    headers: Arc<[page::Heading]>,
    hashers: [RandomState; 2],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    blocks: Vec<Arc<Block>>,
    objects: HashMap<Key, Place>,
    /// Places without an object, to be used again.
    free: Vec<u32>,
    /// One for each list and watch that feeds these lines: the cluster, or a namespace each.
    scopes: Vec<Scope>,
}

/// Namespace and name as one number: 128 bits of two keyed hashes, which nobody outside can steer to collide.
type Key = u128;

/// Where an object's record is, and the last list of its scope that named it.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: u32,
    scope: u16,
    list: u32,
}

/// What one list and watch has brought.
#[derive(Clone, Copy, Debug, Default)]
struct Scope {
    /// Counts the lists begun.
    list: u32,
    /// Whether one was whole.
    whole: bool,
}

impl Lines {
    /// Lines of these families, fed by `scopes` lists.
    pub fn new(families: Vec<About>, scopes: usize) -> Self {
        let headers = families.iter().map(page::Heading::new).collect();
        Self {
            families: families.into(),
            headers,
            hashers: [RandomState::new(), RandomState::new()],
            state: Mutex::new(State {
                scopes: vec![Scope::default(); scopes],
                ..State::default()
            }),
        }
    }

    /// A list begins: what it will not name goes at its end.
    pub fn begin_list(&self, scope: usize) {
        let scope = &mut self.lock().scopes[scope];
        scope.list = scope.list.wrapping_add(1);
    }

    /// The list that began last is whole: objects of its scope that it did not name are gone.
    pub fn end_list(&self, scope: usize) {
        let mut state = self.lock();
        let list = state.scopes[scope].list;
        let gone = |place: &Place| usize::from(place.scope) == scope && place.list != list;
        let keys: Vec<Key> = state
            .objects
            .iter()
            .filter_map(|(key, place)| gone(place).then_some(*key))
            .collect();
        for key in keys {
            state.take(key);
        }
        state.scopes[scope].whole = true;
    }

    /// An object is there, new or changed.
    pub fn put(&self, scope: usize, rendering: &Rendering) {
        let key = self.key(&rendering.owner);
        let families = self.families.len();
        let mut state = self.lock();
        let list = state.scopes[scope].list;
        let at = match state.objects.get(&key) {
            Some(place) => place.at,
            None => state.place(families),
        };
        state.objects.insert(
            key,
            Place {
                at,
                scope: scope as u16,
                list,
            },
        );
        let (block, slot) = (at as usize / BLOCK_OBJECTS, at as usize % BLOCK_OBJECTS);
        Arc::make_mut(&mut state.blocks[block]).put(slot, rendering);
    }

    /// An object is gone.
    pub fn remove(&self, owner: &Owner) {
        let key = self.key(owner);
        self.lock().take(key);
    }

    /// Whether every scope's first list was whole.
    pub fn is_whole(&self) -> bool {
        self.lock().scopes.iter().all(|scope| scope.whole)
    }

    /// How many objects there are.
    pub fn objects(&self) -> usize {
        self.lock().objects.len()
    }

    /// This moment's page; `None` until [`Lines::is_whole`].
    pub fn page(&self) -> Option<Page> {
        let state = self.lock();
        state.scopes.iter().all(|scope| scope.whole).then(|| Page {
            families: Arc::clone(&self.families),
            headers: Arc::clone(&self.headers),
            blocks: state.blocks.clone(),
            empty: state.objects.is_empty(),
        })
    }

    fn key(&self, owner: &Owner) -> Key {
        let [high, low] = [0, 1].map(|at| u128::from(self.hashers[at].hash_one(owner)));
        high << 64 | low
    }

    /// A panic while the lock is held leaves at worst one object's record as it was.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A place for a new object.
    fn place(&mut self, families: usize) -> u32 {
        if let Some(at) = self.free.pop() {
            return at;
        }
        let next = self.blocks.len() * BLOCK_OBJECTS;
        self.blocks.push(Arc::new(Block::new(families)));
        // The lowest place is taken first, so objects listed one after the other are neighbours.
        self.free
            .extend((next + 1..next + BLOCK_OBJECTS).rev().map(|at| at as u32));
        next as u32
    }

    /// Takes an object away, if it is there.
    fn take(&mut self, key: Key) {
        let Some(place) = self.objects.remove(&key) else {
            return;
        };
        let at = place.at as usize;
        Arc::make_mut(&mut self.blocks[at / BLOCK_OBJECTS]).take(at % BLOCK_OBJECTS);
        self.free.push(place.at);
    }
}

#[cfg(test)]
mod tests;
