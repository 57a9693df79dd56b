//! Makes pieces of a page, many at a time on as many threads as there are processors: a scrape of a million series is
//! a hundred megabytes of text, and whoever scrapes waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use promontory_exposition::gzip::{Block, Compressor};
use promontory_exposition::{Target, WriteError};

use super::entry::Entry;
use super::lines::Sheet;
use super::openmetrics::Names;
use super::part::{Kept, Part};
use super::plan::PlannedFamily;

/// More threads would leave too little to others.
const THREADS_MAX: usize = 4;
/// As many pieces to make for each thread as are worth starting it for.
const PIECES_A_THREAD: usize = 4;

/// A piece to be made.
#[derive(Clone, Copy)]
pub(super) enum Job<'p> {
    /// A part of a family whose lines are planned.
    Part(&'p PlannedFamily, &'p Part),
    /// A whole family, from its values.
    Family(&'p Entry<'p>),
    /// A whole family, by the rules of OpenMetrics.
    OpenMetrics(&'p Names<'p>, usize),
}

/// A piece that was made.
pub(super) enum Made {
    /// As it is.
    Text(Vec<u8>),
    /// Compressed, and kept.
    Block(Arc<Block>),
}

impl<'p> Job<'p> {
    /// The pieces of a family.
    pub(super) fn of(entry: &'p Entry<'p>, target: Target) -> Vec<Self> {
        match entry.ready(target) {
            Some((family, parts)) => parts.iter().map(|part| Self::Part(family, part)).collect(),
            None => vec![Self::Family(entry)],
        }
    }

    /// What is there already.
    fn kept(self, sheet: &Sheet<'_>) -> Option<Made> {
        match self {
            Self::Part(family, part) => family.kept(part, sheet).map(Made::Block),
            Self::Family(_) | Self::OpenMetrics(..) => None,
        }
    }
}

/// Everyone who makes pieces of one page.
pub(super) struct Makers<'v> {
    sheet: &'v Sheet<'v>,
    target: Target,
    compressed: bool,
    /// The maker of the thread at hand.
    first: Maker,
    /// Those of further threads.
    others: Vec<Maker>,
}

/// What one thread needs; kept, since a compressor is large, and made when the first part is compressed.
#[derive(Default)]
struct Maker {
    compressor: Option<Compressor>,
    text: Vec<u8>,
}

impl<'v> Makers<'v> {
    /// `compressed` says whether parts are to be compressed and kept.
    pub(super) fn new(sheet: &'v Sheet<'v>, target: Target, compressed: bool) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let others = threads.min(THREADS_MAX) - 1;
        Self {
            sheet,
            target,
            compressed,
            first: Maker::default(),
            others: (0..others).map(|_| Maker::default()).collect(),
        }
    }

    /// Makes some pieces.
    pub(super) fn make(&mut self, jobs: &[Job<'_>]) -> Vec<Result<Made, WriteError>> {
        let (sheet, target, compressed) = (self.sheet, self.target, self.compressed);
        let made: Vec<OnceLock<_>> = jobs.iter().map(|_| OnceLock::new()).collect();
        let mut new = Vec::with_capacity(jobs.len());
        for (job, place) in jobs.iter().zip(&made) {
            let kept = if compressed { job.kept(sheet) } else { None };
            match kept {
                // Nobody has set it before.
                Some(kept) => drop(place.set(Ok(kept))),
                None => new.push((*job, place)),
            }
        }
        let others = (new.len() / PIECES_A_THREAD).saturating_sub(1);
        let next = AtomicUsize::new(0);
        let work = |maker: &mut Maker| {
            while let Some((job, place)) = new.get(next.fetch_add(1, Ordering::Relaxed)) {
                // Each place is set once: its number was given out once.
                let _ = place.set(maker.make(*job, sheet, target, compressed));
            }
        };
        thread::scope(|scope| {
            for maker in self.others.iter_mut().take(others) {
                // Where no thread is to be had, the others do its work.
                let _ = thread::Builder::new().spawn_scoped(scope, || work(maker));
            }
            work(&mut self.first);
        });
        made.into_iter().filter_map(OnceLock::into_inner).collect()
    }
}

impl Maker {
    fn make(
        &mut self,
        job: Job<'_>,
        sheet: &Sheet<'_>,
        target: Target,
        compressed: bool,
    ) -> Result<Made, WriteError> {
        self.text.clear();
        match job {
            Job::Part(family, part) => {
                sheet.write_part(family, part, target, &mut self.text);
                if compressed {
                    let compressor = self.compressor.get_or_insert_default();
                    let block = Arc::new(compressor.compress(&self.text));
                    part.keep(Kept {
                        changes: sheet.changes(),
                        block: Arc::clone(&block),
                    });
                    return Ok(Made::Block(block));
                }
            }
            Job::OpenMetrics(names, at) => names.write(at, sheet, &mut self.text)?,
            Job::Family(entry) => entry.write(sheet, target, &mut self.text)?,
        }
        Ok(Made::Text(std::mem::take(&mut self.text)))
    }
}
