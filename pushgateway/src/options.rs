//! How a gateway is opened: where it keeps things, when it acknowledges, what it checks.

use std::path::PathBuf;
use std::time::Duration;

use promontory_exposition::Kind;

use crate::limits::StoreLimits;

/// When a change is acknowledged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// After it was synced to disk (`--persistence.interval=0s`, our default).
    Acknowledged,
    /// At once; the disk is synced this often, and what came after the last sync may be lost.
    Every(Duration),
}

/// Whether pushes must fit together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Consistency {
    /// A push that does not fit is refused.
    Checked,
    /// Every push is taken (`--push.disable-consistency-check`); scrapes fail while something does not fit.
    Unchecked,
}

/// How a gateway is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file of the store; `None` keeps everything in memory.
    pub persistence_file: Option<PathBuf>,
    /// When a change is acknowledged.
    pub durability: Durability,
    /// Whether pushes must fit together.
    pub consistency: Consistency,
    /// What may be held in all.
    pub limits: StoreLimits,
    /// Names and types of the program's own families: a push may add to them, but not change their type.
    pub own: Vec<(String, Kind)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            persistence_file: None,
            durability: Durability::Acknowledged,
            consistency: Consistency::Checked,
            limits: StoreLimits::default(),
            own: Vec::new(),
        }
    }
}

impl Options {
    /// Whether what was answered with 2xx survives a crash.
    pub fn acknowledged_is_durable(&self) -> bool {
        self.persistence_file.is_some() && self.durability == Durability::Acknowledged
    }
}
