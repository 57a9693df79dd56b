//! A bounded place for searches through everything that is held, and for pages, whose lists are such searches too.
//!
//! An expression asked about all groups can keep a processor busy for seconds, so only so many run at once, away from the
//! threads that answer others, and one that nobody waits for any more ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;

use super::api_error;
use super::turns::Turns;

/// How long a request waits for its turn.
const WAIT: Duration = Duration::from_secs(2);

/// Where searches run; by default as many at once as there are processors.
#[derive(Default)]
pub struct Searches(Turns);

/// Why a search has no result.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SearchError {
    /// Its turn did not come in time: 503.
    #[error("too many other searches are under way, try again later")]
    Busy,
    /// It did not come to its end, a fault of ours: 500.
    #[error("not all groups were looked at")]
    Broken,
}

impl SearchError {
    /// The error as the API answers it.
    pub(super) fn answer(self) -> Response {
        let kind = match self {
            Self::Busy => "unavailable",
            Self::Broken => "internal",
        };
        api_error(self.status(), kind, &self.to_string())
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Searches {
    /// A place for so many searches at once.
    pub fn at_once(permits: usize) -> Self {
        Self(Turns::at_once(permits))
    }

    /// Runs a search once it is its turn. It is to ask now and then whether somebody still waits: once the future is
    /// dropped, as when a client of HTTP/2 gives up, nobody does. Over HTTP/1.1 the server does not see that, as half-closed
    /// clients are answered.
    ///
    /// # Errors
    /// See [`SearchError`].
    pub(super) async fn run<T: Send + 'static>(
        &self,
        search: impl FnOnce(&Waiting) -> T + Send + 'static,
    ) -> Result<T, SearchError> {
        let Ok(turn) = tokio::time::timeout(WAIT, self.0.next()).await else {
            return Err(SearchError::Busy);
        };
        let waiting = Waiting(Arc::new(AtomicBool::new(true)));
        let _until_dropped = UntilDropped(Waiting(Arc::clone(&waiting.0)));
        let searching = turn.take(move || search(&waiting));
        searching.await.map_err(|_| SearchError::Broken)
    }
}

/// Whether somebody waits for the result of a search.
pub(super) struct Waiting(Arc<AtomicBool>);

impl Waiting {
    pub(super) fn still(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Somebody who waits.
struct UntilDropped(Waiting);

impl Drop for UntilDropped {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_search_ends_when_nobody_waits() {
        let searches = Searches::at_once(1);
        let (tell, told) = mpsc::channel();
        let search = searches.run(move |waiting| {
            tell.send("begun").unwrap();
            while waiting.still() {
                std::thread::yield_now();
            }
            tell.send("ended").unwrap();
        });
        // Polled until it has begun, then dropped.
        let begun = tokio::task::spawn_blocking(move || {
            assert_eq!(told.recv(), Ok("begun"));
            told
        });
        let told = tokio::select! {
            biased;
            told = begun => told.unwrap(),
            _ = search => panic!("it ended while somebody waited"),
        };
        assert_eq!(told.recv_timeout(Duration::from_secs(60)), Ok("ended"));
        // Its turn is over, so the next one has it.
        assert_eq!(searches.run(|_| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn more_than_allowed_are_turned_away() {
        let searches = Searches::at_once(0);
        assert_eq!(searches.run(|_| ()).await, Err(SearchError::Busy));
    }

    #[tokio::test]
    async fn a_search_that_breaks_gives_its_turn_back() {
        let searches = Searches::at_once(1);
        let broken = searches.run(|_| panic!("broken")).await;
        assert_eq!(broken, Err::<(), _>(SearchError::Broken));
        assert_eq!(searches.run(|_| 1).await, Ok(1));
    }
}
