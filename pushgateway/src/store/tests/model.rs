//! Random batches, and what must be there after whatever happened.

use super::{Op, Records, put};

/// SplitMix64: the same sequence for a seed, everywhere.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % below
    }

    /// Text that packs badly.
    pub(super) fn text(&mut self, bytes: usize) -> String {
        (0..bytes)
            .map(|_| char::from(b'!' + self.roll(90) as u8))
            .collect()
    }

    /// A few changes of a few keys.
    pub(super) fn batch(&mut self) -> Vec<Op> {
        (0..1 + self.roll(4))
            .map(|_| {
                let key = format!("k{}", self.roll(12));
                match self.roll(40) {
                    0 => Op::Clear,
                    1..8 => Op::Delete { key: key.into() },
                    _ => {
                        let bytes = self.roll(60) as usize;
                        put(&key, &self.text(bytes))
                    }
                }
            })
            .collect()
    }
}

/// What was promised, and what else may be found after a crash.
#[derive(Default)]
pub(super) struct Model {
    /// What the store shows.
    pub(super) now: Records,
    /// What is on the disk for certain.
    synced: Records,
    /// What was handed to the store since, whether it succeeded or not. Each of it may be on the disk or not: pages reach it
    /// in any order.
    tried: Vec<Vec<Op>>,
    /// Changes that succeeded but must be committed again after a failure.
    unsynced: Vec<Op>,
    failed: bool,
}

impl Model {
    /// What to hand to the store for these changes: after a failure, also all that it may have lost.
    pub(super) fn attempt(&mut self, batch: &[Op]) -> Vec<Op> {
        let mut all = if self.failed {
            self.unsynced.clone()
        } else {
            Vec::new()
        };
        all.extend_from_slice(batch);
        self.tried.push(all.clone());
        all
    }

    /// Tells how that went.
    pub(super) fn done(&mut self, batch: &[Op], succeeded: bool, synced: bool) {
        self.failed = !succeeded;
        if !succeeded {
            return;
        }
        super::apply(&mut self.now, batch);
        self.unsynced.extend_from_slice(batch);
        if synced {
            self.synced = self.now.clone();
            self.tried.clear();
            self.unsynced.clear();
        }
    }

    /// Fails unless what is found after a crash may be there; goes on from it.
    #[track_caller]
    pub(super) fn crashed(&mut self, found: Vec<(String, String)>, what: &str) {
        let found: Records = found.into_iter().collect();
        let subsets = 0..1_u32 << self.tried.len().min(16);
        let allowed = subsets.into_iter().any(|subset| {
            let mut held = self.synced.clone();
            for (i, batch) in self.tried.iter().enumerate() {
                if i >= 16 || subset & 1 << i != 0 {
                    super::apply(&mut held, batch);
                }
            }
            held == found
        });
        assert!(
            allowed,
            "{what}: found {found:?}, promised {:?}",
            self.synced
        );
        *self = Self {
            now: found.clone(),
            synced: found,
            ..Self::default()
        };
    }
}
