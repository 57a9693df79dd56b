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
use super::part::Part;
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

    /// Whether there is something to be made.
    fn is_new(self, sheet: &Sheet<'_>) -> bool {
        match self {
            Self::Part(family, part) => family.kept(part, sheet).is_none(),
            Self::Family(_) | Self::OpenMetrics(..) => true,
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

/// What one thread needs; kept, since a compressor is large.
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
            first: Maker::new(compressed),
            others: (0..others).map(|_| Maker::new(compressed)).collect(),
        }
    }

    /// Makes some pieces.
    pub(super) fn make(&mut self, jobs: &[Job<'_>]) -> Vec<Result<Made, WriteError>> {
        let (sheet, target) = (self.sheet, self.target);
        let new = if self.compressed {
            jobs.iter().filter(|job| job.is_new(sheet)).count()
        } else {
            jobs.len()
        };
        let others = (new / PIECES_A_THREAD).saturating_sub(1);
        let next = AtomicUsize::new(0);
        let made: Vec<OnceLock<_>> = jobs.iter().map(|_| OnceLock::new()).collect();
        let work = |maker: &mut Maker| {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (Some(job), Some(place)) = (jobs.get(at), made.get(at)) else {
                    return;
                };
                // Each place is set once: its number was given out once.
                let _ = place.set(maker.make(*job, sheet, target));
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
    fn new(compressed: bool) -> Self {
        Self {
            compressor: compressed.then(Compressor::default),
            text: Vec::new(),
        }
    }

    fn make(
        &mut self,
        job: Job<'_>,
        sheet: &Sheet<'_>,
        target: Target,
    ) -> Result<Made, WriteError> {
        self.text.clear();
        match (job, &mut self.compressor) {
            (Job::Part(family, part), Some(compressor)) => {
                let text = &mut self.text;
                let block = family.block(part, sheet, || {
                    sheet.write_part(family, part, target, text);
                    compressor.compress(text)
                });
                return Ok(Made::Block(block));
            }
            (Job::Part(family, part), None) => {
                sheet.write_part(family, part, target, &mut self.text);
            }
            (Job::OpenMetrics(names, at), _) => names.write(at, sheet, &mut self.text)?,
            (Job::Family(entry), _) => entry.write(sheet, target, &mut self.text)?,
        }
        Ok(Made::Text(std::mem::take(&mut self.text)))
    }
}
