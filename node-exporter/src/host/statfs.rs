//! How much room the mounted file systems have, asked so that one that never answers cannot hold up the others.
//!
//! statfs(2) on a dead NFS or FUSE mount does not return, and no signal ends it. So the calls are made by helper
//! threads and waited for at most [`Probe`]'s patience; whoever did not answer by then is [`Answer::Silent`], and
//! nobody asks it again until its call has returned: a mount never has two calls, and a helper is lost to it only as
//! long as it is dead. Healthy mounts are all served by one helper; others join when calls become slow.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;

/// How long a call may take before others are asked beside it.
const TICK: Duration = Duration::from_millis(20);

/// Threads at most: so many mounts may be dead at the same time before healthy ones suffer.
const HELPERS_MAX: usize = 64;

/// Room for what statfs needs: a path and a few calls.
const STACK_BYTES: usize = 64 << 10;

/// What a file system says of itself, in its own blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Space {
    /// Bytes of a block.
    pub block_bytes: f64,
    /// All blocks.
    pub blocks: u64,
    /// Free blocks.
    pub free: u64,
    /// Free blocks for users other than root.
    pub available: u64,
    /// All inodes.
    pub files: u64,
    /// Free inodes.
    pub files_free: u64,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// The file system answered.
    Space(Space),
    /// The call failed.
    Failed(Errno),
    /// The call has not returned.
    Silent,
}

/// The helpers, and who asks them.
#[derive(Debug)]
pub struct Probe {
    shared: Arc<Shared>,
    patience: Duration,
    joining: usize,
}

#[derive(Debug, Default)]
struct Shared {
    round: Mutex<Round>,
    work: Condvar,
    done: Condvar,
}

/// One round of questions, and the calls that are being made, some of them since earlier rounds.
#[derive(Debug, Default)]
struct Round {
    number: u64,
    paths: Arc<[PathBuf]>,
    /// The next path that nobody has taken.
    next: usize,
    answers: Vec<Option<Answer>>,
    missing: usize,
    calls: Vec<Call>,
    helpers: usize,
    idle: usize,
    over: bool,
}

#[derive(Debug)]
struct Call {
    round: u64,
    paths: Arc<[PathBuf]>,
    index: usize,
    since: Instant,
}

impl Probe {
    /// Calls that take longer than `patience` count as silent; while calls are slow, `joining` more helpers begin
    /// every 20 ms.
    pub fn new(patience: Duration, joining: usize) -> Self {
        Self {
            shared: Arc::default(),
            patience,
            joining: joining.max(1),
        }
    }

    /// Asks for each path; the answers stand in the order of the paths.
    pub fn ask(&self, paths: &Arc<[PathBuf]>) -> Vec<Answer> {
        let begin = Instant::now();
        let mut round = self.shared.lock();
        round.begin(paths);
        self.add_helper(&mut round);
        while round.missing > 0 {
            let waited = self.shared.done.wait_timeout(round, TICK);
            round = waited.unwrap_or_else(PoisonError::into_inner).0;
            if round.missing == 0 {
                break;
            }
            let busy = round.give_up_on_late(self.patience);
            let mut joined = 0;
            while round.next < round.paths.len()
                && joined < self.joining
                && self.add_helper(&mut round)
            {
                joined += 1;
            }
            // Nobody is left to ask the rest, or asking takes for ever although each single call is in time.
            let stuck = busy == 0 && joined == 0 && round.idle == 0;
            if stuck || begin.elapsed() > self.patience * 4 {
                round.give_up();
            }
        }
        let answers = std::mem::take(&mut round.answers);
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or(Answer::Silent))
            .collect()
    }

    /// Wakes a helper, or starts one; `false` if there cannot be more.
    fn add_helper(&self, round: &mut Round) -> bool {
        if round.idle > 0 {
            self.shared.work.notify_one();
            return true;
        }
        if round.helpers >= HELPERS_MAX {
            return false;
        }
        let shared = Arc::clone(&self.shared);
        let helper = std::thread::Builder::new()
            .name("statfs".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || shared.help());
        round.helpers += usize::from(helper.is_ok());
        helper.is_ok()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.work.notify_all();
    }
}

impl Round {
    /// A new round; mounts whose call from an earlier one has not returned are silent from the beginning.
    fn begin(&mut self, paths: &Arc<[PathBuf]>) {
        self.number += 1;
        self.paths = Arc::clone(paths);
        self.next = 0;
        self.answers.clear();
        self.answers.resize(paths.len(), None);
        self.missing = paths.len();
        let stuck: Vec<usize> = (0..paths.len())
            .filter(|&index| self.calls.iter().any(|call| call.path() == &paths[index]))
            .collect();
        for index in stuck {
            self.answer(index, Answer::Silent);
        }
    }

    fn answer(&mut self, index: usize, answer: Answer) {
        if self.answers.get(index) == Some(&None) {
            self.answers[index] = Some(answer);
            self.missing -= 1;
        }
    }

    /// Counts calls of this round that took too long as silent; gives the number of those that are in time.
    fn give_up_on_late(&mut self, patience: Duration) -> usize {
        let own = self.calls.iter().filter(|call| call.round == self.number);
        let (late, busy): (Vec<_>, Vec<_>) = own
            .map(|call| (call.index, call.since.elapsed() >= patience))
            .partition(|(_, late)| *late);
        for (index, _) in late {
            self.answer(index, Answer::Silent);
        }
        busy.len()
    }

    /// Counts everyone who has not answered as silent.
    fn give_up(&mut self) {
        self.next = self.paths.len();
        for index in 0..self.paths.len() {
            self.answer(index, Answer::Silent);
        }
    }

    /// The next path that is not answered for.
    fn take(&mut self) -> Option<usize> {
        while self.next < self.paths.len() {
            self.next += 1;
            if self.answers.get(self.next - 1) == Some(&None) {
                return Some(self.next - 1);
            }
        }
        None
    }
}

impl Call {
    fn path(&self) -> &PathBuf {
        &self.paths[self.index]
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a helper.
    fn help(&self) {
        let mut round = self.lock();
        while !round.over {
            let Some(index) = round.take() else {
                round.idle += 1;
                round = self
                    .work
                    .wait(round)
                    .unwrap_or_else(PoisonError::into_inner);
                round.idle -= 1;
                continue;
            };
            let (number, paths) = (round.number, Arc::clone(&round.paths));
            round.calls.push(Call {
                round: number,
                paths: Arc::clone(&paths),
                index,
                since: Instant::now(),
            });
            drop(round);
            let answer = statfs(&paths[index]);
            round = self.lock();
            round
                .calls
                .retain(|call| (call.round, call.index) != (number, index));
            if round.number == number {
                round.answer(index, answer);
                if round.missing == 0 {
                    self.done.notify_one();
                }
            }
        }
        round.helpers -= 1;
    }
}

fn statfs(path: &PathBuf) -> Answer {
    match rustix::fs::statfs(path) {
        Ok(about) => Answer::Space(Space {
            block_bytes: about.f_bsize as f64,
            blocks: about.f_blocks,
            free: about.f_bfree,
            available: about.f_bavail,
            files: about.f_files,
            files_free: about.f_ffree,
        }),
        Err(errno) => Answer::Failed(errno),
    }
}

#[cfg(test)]
mod tests;
