//! What went wrong in a scrape that goes on.

use promontory_exporter::collector::CollectError;

/// The first thing that went wrong. A collector notes it, reads on, and returns it at the end: what could be read is
/// shown, and the success series says 0.
#[derive(Debug, Default)]
pub(super) struct Trouble(Option<CollectError>);

impl Trouble {
    /// Notes that something could not be read. A failure stands above missing data.
    pub(super) fn note(&mut self, error: impl Into<CollectError>) {
        let error = error.into();
        if matches!(self.0, None | Some(CollectError::NoData)) {
            self.0 = Some(error);
        }
    }

    /// Notes a failure in words.
    pub(super) fn say(&mut self, words: impl std::fmt::Display) {
        self.note(CollectError::failed(words));
    }

    /// Notes a line that is not what its file promises.
    pub(super) fn line(&mut self, file: &str, line: &[u8]) {
        if self.is_open() {
            // A damaged file may be one endless line; the log needs its beginning.
            let shown = String::from_utf8_lossy(&line[..line.len().min(200)]);
            self.say(format_args!("{file}: cannot read the line {shown:?}"));
        }
    }

    /// Whether another note would be kept.
    fn is_open(&self) -> bool {
        matches!(self.0, None | Some(CollectError::NoData))
    }

    /// Whether nothing went wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The outcome of the collector.
    pub(super) fn outcome(self) -> Result<(), CollectError> {
        self.0.map_or(Ok(()), Err)
    }
}
