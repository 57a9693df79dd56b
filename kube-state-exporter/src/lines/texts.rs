//! The label texts that several objects of a block have in common, each kept once.
//!
//! Of 43 samples of a pod some 35 carry labels that its siblings carry too (`phase="Running"`, `container="app"`). A
//! text is shared from its second sighting on; the first stays in the record, so that texts of one object only, such
//! as its addresses, cost nothing extra.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::{HashSet, HashTable};

/// Shared texts by number.
#[derive(Clone)]
pub(super) struct Texts {
    entries: Vec<Entry>,
    by_text: HashTable<u32>,
    /// Hashes of texts seen once. A collision shares a text too early, which costs a few bytes.
    once: HashSet<u32, RandomState>,
    hasher: RandomState,
    free: Vec<u32>,
}

#[derive(Clone)]
struct Entry {
    text: Arc<[u8]>,
    uses: u32,
}

impl Default for Texts {
    fn default() -> Self {
        let hasher = RandomState::new();
        Self {
            entries: Vec::new(),
            by_text: HashTable::new(),
            once: HashSet::with_hasher(hasher.clone()),
            hasher,
            free: Vec::new(),
        }
    }
}

impl Texts {
    /// The text with this number; it is in use, or the record that names it is not ours.
    pub(super) fn get(&self, number: u32) -> &[u8] {
        self.entries
            .get(number as usize)
            .map_or(b"", |entry| &entry.text)
    }

    /// The number of a text, used once more; `None` where it is seen for the first time and stays with its record.
    pub(super) fn share(&mut self, text: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        let entries = &mut self.entries;
        if let Some(&number) = self
            .by_text
            .find(hash, |&number| *entries[number as usize].text == *text)
        {
            entries[number as usize].uses += 1;
            return Some(number);
        }
        if self.once.insert(hash as u32) {
            return None;
        }
        self.once.remove(&(hash as u32));
        let entry = Entry {
            text: text.into(),
            uses: 1,
        };
        let number = if let Some(number) = self.free.pop() {
            self.entries[number as usize] = entry;
            number
        } else {
            self.entries.push(entry);
            self.entries.len() as u32 - 1
        };
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.by_text.insert_unique(hash, number, |&number| {
            hasher.hash_one(&*entries[number as usize].text)
        });
        Some(number)
    }

    /// One record less uses the text of this number.
    pub(super) fn release(&mut self, number: u32) {
        let Some(entry) = self.entries.get_mut(number as usize) else {
            return;
        };
        entry.uses -= 1;
        if entry.uses > 0 {
            return;
        }
        let text = std::mem::replace(&mut entry.text, Arc::from([]));
        let hash = self.hasher.hash_one(&*text);
        if let Ok(found) = self.by_text.find_entry(hash, |&other| other == number) {
            found.remove();
        }
        self.free.push(number);
    }

    /// A text that stayed with its record is gone with it.
    pub(super) fn forget(&mut self, text: &[u8]) {
        self.once.remove(&(self.hasher.hash_one(text) as u32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shared_from_the_second_sighting_until_nobody_uses_it() {
        let mut texts = Texts::default();
        assert_eq!(texts.share(b"a"), None);
        let number = texts.share(b"a").unwrap();
        assert_eq!(texts.share(b"a"), Some(number));
        assert_eq!(texts.get(number), b"a");
        texts.release(number);
        texts.release(number);
        assert_eq!(texts.by_text.len(), 0);
        assert_eq!(texts.share(b"b"), None);
        assert_eq!(texts.share(b"b"), Some(number), "the number is used again");
    }

    #[test]
    fn a_forgotten_text_is_new_again() {
        let mut texts = Texts::default();
        assert_eq!(texts.share(b"a"), None);
        texts.forget(b"a");
        assert_eq!(texts.share(b"a"), None);
    }
}
