//! Makes pieces of a page, many at a time on as many threads as there are processors: a scrape of a million series is
//! a hundred megabytes of text, and whoever scrapes waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use promontory_exposition::WriteError;
use promontory_exposition::gzip::{Block, Compressor};

use super::Piece;
use super::part::Part;
use super::sheet::Sheet;
use super::shown::Shown;

/// More threads would leave too little to others.
const THREADS_MAX: usize = 4;
/// As many pieces to make for each thread as are worth starting it for.
const PIECES_A_THREAD: usize = 4;

/// A piece to be made: a part of a family.
#[derive(Clone, Copy)]
pub(super) struct Job<'p> {
    pub(super) shown: &'p Shown<'p>,
    pub(super) part: &'p Part,
}

/// A piece that was made.
pub(super) enum Made {
    /// As it is.
    Text(Vec<u8>),
    /// Compressed, and kept.
    Block(Arc<Block>),
}

impl Made {
    /// How many bytes it has before it is compressed.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Block(block) => block.length,
        }
    }

    pub(super) fn piece(&self) -> Piece<'_> {
        match self {
            Self::Text(text) => Piece::Text(text),
            Self::Block(block) => Piece::Block(block),
        }
    }
}

/// Everyone who makes pieces of one page.
pub(super) struct Makers<'v> {
    sheet: &'v Sheet<'v>,
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
    pub(super) fn new(sheet: &'v Sheet<'v>, compressed: bool) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let others = threads.min(THREADS_MAX) - 1;
        Self {
            sheet,
            compressed,
            first: Maker::default(),
            others: (0..others).map(|_| Maker::default()).collect(),
        }
    }

    /// Makes some pieces.
    pub(super) fn make(&mut self, jobs: &[Job<'_>]) -> Vec<Result<Made, WriteError>> {
        let (sheet, compressed) = (self.sheet, self.compressed);
        let made: Vec<OnceLock<_>> = jobs.iter().map(|_| OnceLock::new()).collect();
        let mut new = Vec::with_capacity(jobs.len());
        for (job, place) in jobs.iter().zip(&made) {
            let kept = compressed.then(|| job.shown.kept(job.part, sheet));
            match kept.flatten() {
                // Nobody has set it before.
                Some(kept) => drop(place.set(Ok(Made::Block(kept)))),
                None => new.push((*job, place)),
            }
        }
        let others = (new.len() / PIECES_A_THREAD).saturating_sub(1);
        let next = AtomicUsize::new(0);
        let work = |maker: &mut Maker| {
            while let Some((job, place)) = new.get(next.fetch_add(1, Ordering::Relaxed)) {
                // Each place is set once: its number was given out once.
                let _ = place.set(maker.make(*job, sheet, compressed));
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
        Job { shown, part }: Job<'_>,
        sheet: &Sheet<'_>,
        compressed: bool,
    ) -> Result<Made, WriteError> {
        self.text.clear();
        shown.write(part, sheet, &mut self.text)?;
        if compressed && shown.keeps() {
            let compressor = self.compressor.get_or_insert_default();
            let block = Arc::new(compressor.compress(&self.text));
            shown.keep(part, sheet, Arc::clone(&block));
            return Ok(Made::Block(block));
        }
        Ok(Made::Text(std::mem::take(&mut self.text)))
    }
}
