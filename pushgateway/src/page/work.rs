//! Makes pieces of pages, on threads that all scrapes share: a scrape of a million series is a hundred megabytes of
//! text, and whoever scrapes waits for it; but many scrapes at once must not take more than the machine has.

use std::cell::RefCell;
use std::num::NonZero;
use std::sync::{Arc, LazyLock};
use std::thread;

use promontory_exposition::WriteError;
use promontory_exposition::gzip::{Block, Compressor};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Piece;
use super::part::Part;
use super::sheet::Sheet;
use super::shown::Shown;

/// More threads would leave too little to others.
const THREADS_MAX: usize = 4;

/// The threads; `None` where none are to be had, so that who scrapes makes everything.
static POOL: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads.min(THREADS_MAX))
        .thread_name(|number| format!("page-{number}"));
    pool.build().ok()
});

thread_local! {
    /// What each thread compresses with; some 100 KiB, so only threads that do have one.
    static COMPRESSOR: RefCell<Compressor> = RefCell::default();
}

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

/// Pieces that follow each other, some of them there already.
pub(super) struct Batch<'p> {
    sheet: &'p Sheet<'p>,
    /// Whether parts are to be compressed and kept.
    compressed: bool,
    pieces: Vec<Result<Arc<Block>, Job<'p>>>,
}

impl<'p> Batch<'p> {
    /// `compressed` says whether parts are to be compressed and kept.
    pub(super) fn new(sheet: &'p Sheet<'p>, compressed: bool, jobs: Vec<Job<'p>>) -> Self {
        let kept = |job: Job<'p>| {
            let kept = compressed.then(|| job.shown.kept(job.part, sheet));
            kept.flatten().ok_or(job)
        };
        Self {
            sheet,
            compressed,
            pieces: jobs.into_iter().map(kept).collect(),
        }
    }

    /// Makes the pieces while `here` runs on this thread.
    pub(super) fn make_beside<R>(
        self,
        here: impl FnOnce() -> R,
    ) -> (Result<Vec<Made>, WriteError>, R) {
        let pool = POOL
            .as_ref()
            .filter(|_| self.pieces.iter().any(Result::is_err));
        let Some(pool) = pool else {
            let here = here();
            let made = self.pieces.into_iter();
            let made = made.map(|piece| make(piece, self.sheet, self.compressed));
            return (made.collect(), here);
        };
        let mut made = Ok(Vec::new());
        let here = pool.in_place_scope(|scope| {
            scope.spawn(|_| {
                let pieces = self.pieces.into_par_iter();
                let pieces = pieces.map(|piece| make(piece, self.sheet, self.compressed));
                made = pieces.collect();
            });
            here()
        });
        (made, here)
    }
}

fn make(
    piece: Result<Arc<Block>, Job<'_>>,
    sheet: &Sheet<'_>,
    compressed: bool,
) -> Result<Made, WriteError> {
    let Job { shown, part } = match piece {
        Ok(kept) => return Ok(Made::Block(kept)),
        Err(job) => job,
    };
    let mut text = Vec::with_capacity(part.bytes + part.bytes / 8);
    shown.write(part, sheet, &mut text)?;
    if compressed && shown.keeps() {
        let block = COMPRESSOR.with_borrow_mut(|compressor| compressor.compress(&text));
        let block = Arc::new(block);
        shown.keep(part, sheet, Arc::clone(&block));
        return Ok(Made::Block(block));
    }
    Ok(Made::Text(text))
}
