//! One resource in one namespace (or in the whole cluster): listed, watched, and listed again when need be, for ever.

use std::time::{Duration, Instant};

use super::event::{self, Event};
use super::intake::Intake;
use super::retry::{Retry, random};
use super::target::Target;
use super::{PAGE_OBJECTS, Timing};
use crate::api::{Api, Failure};
use crate::feed::{ListFeed, ListMeta, Piece, WatchFeed};

/// See the module.
pub(super) struct Follow {
    api: Api,
    target: Target,
    namespace: String,
    intake: Intake,
    timing: Timing,
    retry: Retry,
    streaming: Streaming,
    /// Whether to ask for pages: unless a token expired before the next page was asked for.
    paging: bool,
    /// How many objects are listed at most; 0: all.
    limit: u64,
    /// Whether a list was whole and the watch can go on from the version of the intake.
    current: bool,
    /// When a list was whole last.
    listed: Option<Instant>,
}

/// Whether to ask for streaming lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Streaming {
    Yes,
    /// The last one never came to its end, as with an API server that ignores what it does not know.
    NotNow,
    /// The API server refuses them, or a limit forbids them.
    No,
}

impl Follow {
    pub(super) fn new(
        api: Api,
        target: Target,
        namespace: String,
        intake: Intake,
        timing: Timing,
        limit: u64,
    ) -> Self {
        Self {
            api,
            target,
            namespace,
            intake,
            timing,
            retry: Retry::new(&timing),
            streaming: if limit == 0 {
                Streaming::Yes
            } else {
                Streaming::No
            },
            paging: true,
            limit,
            current: false,
            listed: None,
        }
    }

    /// Never ends; dropping it stops it.
    pub(super) async fn run(mut self) {
        loop {
            let begun = Instant::now();
            let watching = self.current;
            let result = if watching {
                self.stream().await
            } else {
                self.list().await
            };
            if self.current && begun.elapsed() >= self.timing.settled {
                self.retry.reset();
            }
            match result {
                // A list is followed by its watch at once, and so is a watch that ended in its time by the next.
                Ok(()) if !watching || begun.elapsed() >= self.timing.settled => continue,
                Ok(()) => {}
                Err(failure) => self.failed(&failure),
            }
            tokio::time::sleep(self.retry.delay()).await;
        }
    }

    /// Counts and tells what went wrong, and decides what is next.
    fn failed(&mut self, failure: &Failure) {
        let stats = &self.intake.stats;
        if self.current {
            stats.watches_failed.add();
            if failure.needs_list() {
                self.current = false;
                stats.relists.add();
                // The API server answers, so how long it was away delays the list no further; unless lists come to
                // nothing again and again.
                let settled = |at: Instant| at.elapsed() >= self.timing.settled;
                if self.listed.take().is_some_and(settled) {
                    self.retry.reset();
                }
            }
        } else {
            stats.lists_failed.add();
        }
        let (resource, namespace) = (self.intake.row.name, &self.namespace);
        if !self.retry.is_news(&failure.to_string()) {
            tracing::debug!(resource, namespace, %failure, "Still cannot list or watch");
        } else if failure.is_gone() {
            tracing::info!(resource, namespace, %failure, "Listing again");
        } else {
            tracing::warn!(resource, namespace, %failure, "Cannot list or watch, will go on trying");
        }
    }

    async fn list(&mut self) -> Result<(), Failure> {
        self.intake.begin_list();
        if self.streaming != Streaming::Yes {
            return self.pages().await;
        }
        let result = self.stream().await;
        match &result {
            Err(failure) if !self.current && failure.is_unsupported() => {
                self.streaming = Streaming::No;
                self.pages().await
            }
            Err(Failure::Silent(_) | Failure::Garbled(_)) if !self.current => {
                self.streaming = Streaming::NotNow;
                result
            }
            _ => result,
        }
    }

    /// Lists page by page.
    async fn pages(&mut self) -> Result<(), Failure> {
        let most = if self.limit == 0 {
            u64::MAX
        } else {
            self.limit
        };
        let (mut token, mut listed) = (String::new(), 0);
        loop {
            let left = most - listed;
            let limit = if self.paging {
                left.min(PAGE_OBJECTS)
            } else {
                0
            };
            let result = self.page(&token, limit, most, &mut listed).await;
            // With all at once there is no token that could expire.
            self.paging = !result.as_ref().is_err_and(Failure::is_gone);
            let meta = result?;
            if meta.token.is_empty() || listed == most {
                self.whole(meta.resource_version);
                if self.streaming == Streaming::NotNow {
                    self.streaming = Streaming::Yes;
                }
                return Ok(());
            }
            token = meta.token;
        }
    }

    async fn page(
        &mut self,
        token: &str,
        limit: u64,
        most: u64,
        listed: &mut u64,
    ) -> Result<ListMeta, Failure> {
        let mut body = self.api.get(&self.target.page(token, limit)).await?;
        let mut feed = ListFeed::default();
        while let Some(chunk) = body.chunk(self.timing.list_idle).await? {
            self.intake.stats.contact();
            feed.push(&chunk, &mut |item| {
                // A list from the cache comes whole, whatever its limit.
                if *listed < most {
                    *listed += 1;
                    self.intake.item(item);
                }
                Ok(())
            })?;
        }
        feed.end()
    }

    /// Watches: from the version that is known, or with all objects at its beginning. Returns when the watch ended in
    /// its time, or stood still, which costs one more request.
    async fn stream(&mut self) -> Result<(), Failure> {
        let seconds = self.timing.watch_seconds(random());
        let path = if self.current {
            self.target.watch(&self.intake.version, seconds)
        } else {
            self.target.streaming_list(seconds)
        };
        let mut body = self.api.get(&path).await?;
        self.intake.stats.watches_ok.add();
        let mut feed = WatchFeed::default();
        loop {
            let (listing, idle) = if self.current {
                (false, self.timing.watch_idle)
            } else {
                (true, self.timing.list_idle)
            };
            let chunk = match body.chunk(idle).await {
                Ok(Some(chunk)) => chunk,
                Ok(None) if listing => return Err(Failure::Garbled("the list ended early")),
                Ok(None) => return Ok(()),
                Err(Failure::Silent(_)) if !listing => return Ok(()),
                Err(failure) => return Err(failure),
            };
            self.intake.stats.contact();
            feed.push(&chunk, &mut |line| self.line(line))?;
            if listing && self.current {
                feed.shrink();
            }
        }
    }

    /// A line of a watch.
    fn line(&mut self, line: Piece<'_>) -> Result<(), Failure> {
        match line {
            Piece::TooLong(beginning) => self.intake.too_long(event::object_in(beginning)),
            Piece::Whole(line) if line.trim_ascii().is_empty() => {}
            Piece::Whole(line) => match event::read(line)? {
                Event::Put(object) => self.intake.put(object),
                Event::Removed(object) => self.intake.remove(object),
                Event::Bookmark { version, ends_list } => {
                    self.intake.stats.bookmarks.add();
                    if ends_list && !self.current {
                        self.whole(version);
                        return Ok(());
                    }
                    self.intake.version = version;
                }
                Event::Error(status) => return Err(Failure::ended(status)),
                Event::Unknown => {}
            },
        }
        if self.current {
            self.retry.reset();
        }
        Ok(())
    }

    /// The list is whole.
    fn whole(&mut self, version: String) {
        self.intake.end_list(version);
        self.current = true;
        self.listed = Some(Instant::now());
        let (resource, namespace) = (self.intake.row.name, &self.namespace);
        if self.retry.recovered() {
            tracing::info!(resource, namespace, "Listed at last");
        } else {
            tracing::debug!(resource, namespace, "Listed");
        }
    }
}

/// How long a watch is asked to last: as client-go, some time between once and twice [`Timing::watch`].
impl Timing {
    fn watch_seconds(&self, random: f64) -> u64 {
        self.watch
            .mul_f64(1.0 + random)
            .max(Duration::from_secs(1))
            .as_secs()
    }
}
