//! One scrape's run through the collectors, and the threads that do it.
//!
//! A round is a list of collectors that one thread (a runner) works off in order: no thread for each collector, no
//! hand-over between them. A collector that keeps a runner busy for longer than [`STALL`] holds up nobody: another
//! runner joins the round and goes on behind it, so slow collectors run side by side after all. Runners outlive their
//! round and wait for the next; one that hangs in a collector is the price of that collector, a thread each.
//!
//! A collector never runs twice at a time. While it is late for a scrape, further scrapes do not ask it at all.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use promontory_exposition::batch::Batch;
use tracing::error;

use super::{CollectError, Collector};

/// How long a round stands still before another runner joins it. Reading `/proc` takes a few milliseconds at most.
const STALL: Duration = Duration::from_millis(20);
/// How many runners wait for work; more end when they find none.
const IDLE_MAX: usize = 2;

/// A collector of a registry, and how it is doing.
pub(super) struct Member {
    collector: Box<dyn Collector>,
    /// Whether filters apply to it, and it has series about its scrapes.
    pub(super) filtered: bool,
    /// Held while it runs.
    turn: Mutex<()>,
    progress: Mutex<Progress>,
}

/// Whether a run is under way, and whether somebody waited for it in vain.
#[derive(Default)]
struct Progress {
    running: bool,
    late: bool,
}

/// How a run went.
pub(super) struct Outcome {
    pub(super) batch: Batch,
    pub(super) result: Result<(), CollectError>,
    pub(super) duration: Duration,
}

/// The threads of a registry.
#[derive(Default)]
pub(super) struct Runners(Arc<Pool>);

#[derive(Default)]
struct Pool {
    waiting: Mutex<Waiting>,
    work: Condvar,
}

/// Rounds without a runner, runners without a round.
#[derive(Default)]
struct Waiting {
    rounds: VecDeque<Arc<Round>>,
    idle: usize,
    closed: bool,
}

/// What one scrape asks for and has got so far.
struct Round {
    members: Vec<Arc<Member>>,
    deadline: Instant,
    state: Mutex<State>,
    done: Condvar,
}

struct State {
    /// The place of the next member that nobody took.
    next: usize,
    /// How many are finished.
    finished: usize,
    /// What came of each; empty once the scrape has gone on.
    outcomes: Vec<Option<Outcome>>,
}

impl Outcome {
    /// No metrics, for this reason.
    fn without(reason: &str, duration: Duration) -> Self {
        Self {
            batch: Batch::default(),
            result: Err(CollectError::Failed(reason.to_owned())),
            duration,
        }
    }
}

impl Member {
    pub(super) fn new(collector: Box<dyn Collector>, filtered: bool) -> Arc<Self> {
        Arc::new(Self {
            collector,
            filtered,
            turn: Mutex::new(()),
            progress: Mutex::default(),
        })
    }

    pub(super) fn name(&self) -> &str {
        self.collector.name()
    }

    /// Runs the collector once it is its turn.
    fn run(&self, deadline: Instant) -> Outcome {
        if lock(&self.progress).late {
            let reason = "is still busy with an earlier scrape, whose deadline has passed";
            return Outcome::without(reason, Duration::ZERO);
        }
        let _turn = lock(&self.turn);
        let begin = Instant::now();
        if begin >= deadline {
            return Outcome::without("was busy until the scrape's deadline", Duration::ZERO);
        }
        lock(&self.progress).running = true;
        let outcome = fenced(&*self.collector, begin);
        *lock(&self.progress) = Progress::default();
        outcome
    }

    /// Notes that somebody waited in vain: whichever run is under way has taken too long.
    fn mark_late(&self) {
        let mut progress = lock(&self.progress);
        progress.late = progress.running;
    }
}

impl Runners {
    /// Runs the members until all are finished or the deadline has passed; an outcome for each, in their order.
    pub(super) fn run(&self, members: Vec<Arc<Member>>, deadline: Instant) -> Vec<Outcome> {
        let begin = Instant::now();
        let count = members.len();
        let round = Arc::new(Round {
            members,
            deadline,
            state: Mutex::new(State {
                next: 0,
                finished: 0,
                outcomes: (0..count).map(|_| None).collect(),
            }),
            done: Condvar::new(),
        });
        self.help(&round);
        let mut state = lock(&round.state);
        while state.finished < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let (next, finished) = (state.next, state.finished);
            state = round
                .done
                .wait_timeout(state, left.min(STALL))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            let stands_still = (next, finished) == (state.next, state.finished);
            if stands_still && next < count {
                drop(state);
                self.help(&round);
                state = lock(&round.state);
            }
        }
        // Nobody begins anything of this round any more.
        state.next = count;
        let outcomes = std::mem::take(&mut state.outcomes);
        drop(state);
        let outcomes = outcomes.into_iter().zip(&round.members);
        let in_time = |(outcome, member): (Option<Outcome>, &Arc<Member>)| {
            outcome.unwrap_or_else(|| {
                member.mark_late();
                let reason = "did not finish before the scrape's deadline";
                Outcome::without(reason, begin.elapsed())
            })
        };
        outcomes.map(in_time).collect()
    }

    /// Sends a runner, a waiting one or a new one.
    fn help(&self, round: &Arc<Round>) {
        let pool = &self.0;
        let mut waiting = lock(&pool.waiting);
        if waiting.idle > waiting.rounds.len() {
            waiting.rounds.push_back(Arc::clone(round));
            pool.work.notify_one();
            return;
        }
        drop(waiting);
        let (pool, round) = (Arc::clone(pool), Arc::clone(round));
        let thread = thread::Builder::new().name("collect".to_owned());
        if let Err(err) = thread.spawn(move || pool.work(round)) {
            // Whoever runs already goes on; without anybody the scrape says that nothing finished.
            error!(%err, "no thread to collect with");
        }
    }
}

impl Drop for Runners {
    fn drop(&mut self) {
        lock(&self.0.waiting).closed = true;
        self.0.work.notify_all();
    }
}

impl Pool {
    /// A runner's life: this round, and others as long as there are any.
    fn work(&self, mut round: Arc<Round>) {
        loop {
            round.run();
            let mut waiting = lock(&self.waiting);
            if waiting.idle >= IDLE_MAX {
                return;
            }
            waiting.idle += 1;
            let mut waiting = self
                .work
                .wait_while(waiting, |waiting| {
                    waiting.rounds.is_empty() && !waiting.closed
                })
                .unwrap_or_else(PoisonError::into_inner);
            waiting.idle -= 1;
            match waiting.rounds.pop_front() {
                Some(next) => round = next,
                None => return,
            }
        }
    }
}

impl Round {
    /// Works off the members that nobody took.
    fn run(&self) {
        loop {
            let mut state = lock(&self.state);
            let at = state.next;
            let Some(member) = self.members.get(at) else {
                return;
            };
            state.next += 1;
            drop(state);
            let outcome = member.run(self.deadline);
            self.finish(at, outcome);
        }
    }

    /// Notes what came of a member, unless the scrape has gone on without it.
    fn finish(&self, at: usize, outcome: Outcome) {
        let mut state = lock(&self.state);
        let Some(place) = state.outcomes.get_mut(at) else {
            return;
        };
        *place = Some(outcome);
        state.finished += 1;
        if state.finished == self.members.len() {
            self.done.notify_one();
        }
    }
}

/// Runs a collector once, behind the fence.
fn fenced(collector: &dyn Collector, begin: Instant) -> Outcome {
    let mut batch = Batch::default();
    // The batch of a run that panicked may be half written and is thrown away; a collector that keeps
    // state behind a lock sees the poison itself.
    let result = catch_unwind(AssertUnwindSafe(|| collector.collect(&mut batch)));
    let result = result.unwrap_or_else(|payload| {
        batch = Batch::default();
        Err(CollectError::Failed(format!(
            "panicked: {}",
            panic_words(&*payload)
        )))
    });
    Outcome {
        batch,
        result,
        duration: begin.elapsed(),
    }
}

/// What a panic said.
pub(crate) fn panic_words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}

/// What these locks guard stays true whatever thread died holding them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
