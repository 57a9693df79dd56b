//! From the body of a push to what the committing thread takes, away from the threads that answer others.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use promontory_exposition::format::read;
use promontory_exposition::name::NameRules;
use promontory_exposition::{Format, ReadError, openmetrics, text};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::content::{BodyEncoding, DecodeError};
use super::super::turns::Turns;
use crate::family::Origin;
use crate::group::GroupingKey;
use crate::ingest::{Change, Push, prepare_from, prepare_refused};
use crate::limits::{OverLimit, PushLimits};

/// Bodies up to this size are read where they arrive; a thread of its own would cost more than it saves.
const INLINE_BYTES: usize = 64 << 10;
/// KiB of larger ones, unpacked, that may have been read and wait for the committing thread.
const WAITING_KIB: u32 = 512 << 10;

/// Bounds on pushes on their way from bodies to the committing thread. Clones share them.
#[derive(Clone, Debug)]
pub struct Readers {
    /// For each large body that is read at a time, since a reader may need many times the memory of its body.
    reading: Turns,
    /// A permit for each KiB, unpacked, of what was read of these and waits for the committing thread, which may wait for a
    /// disk.
    waiting: Arc<Semaphore>,
}

impl Default for Readers {
    fn default() -> Self {
        Self {
            reading: Turns::default(),
            waiting: Arc::new(Semaphore::new(WAITING_KIB as usize)),
        }
    }
}

impl Readers {
    /// Room for a push of so many bytes, unpacked; waits for it, on a thread that may block.
    fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.waiting).acquire_many_owned(kib.min(WAITING_KIB));
        // The semaphore is never closed.
        Handle::current().block_on(room).ok()
    }
}

/// Why a body is no push; nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// In upstream's words, which clients may look for.
    #[error("text format parsing error in {}{}", .0, flag_of(.0))]
    Text(ReadError),
    #[error("OpenMetrics parsing error in {}{}", .0, flag_of(.0))]
    OpenMetrics(ReadError),
    #[error("protobuf parsing error in {}{}", .0, flag_of(.0))]
    Protobuf(ReadError),
    #[error(transparent)]
    Limit(#[from] OverLimit),
    #[error("the push was not read to its end")]
    Broken,
}

/// The flag to turn where a body is refused for a bound.
fn flag_of(error: &ReadError) -> &'static str {
    match error.too_many_labels {
        true => " (--push.max-labels)",
        false => "",
    }
}

impl BodyError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Decode(DecodeError::TooLarge { .. } | DecodeError::TooDense { .. }) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// All that is needed to make a push of a body, away from the request.
pub(super) struct Job {
    pub(super) key: GroupingKey,
    pub(super) ttl: Duration,
    pub(super) change: Change,
    pub(super) encoding: BodyEncoding,
    pub(super) format: Format,
    pub(super) names: NameRules,
    pub(super) limits: PushLimits,
}

impl Job {
    /// Small plain bodies at once, others on a thread that may block, a bounded number at a time.
    pub(super) async fn run(self, readers: &Readers, body: Bytes) -> Result<Push, BodyError> {
        if body.len() <= INLINE_BYTES && self.encoding == BodyEncoding::Identity {
            return self.read(&body);
        }
        let readers = readers.clone();
        let turn = readers.reading.next().await;
        let reading = turn.take(move || {
            let decoded = self.encoding.decode(&body, &self.limits)?;
            let push = self.read_decoded(&decoded)?;
            let room = readers.room(decoded.len());
            Ok(Push { room, ..push })
        });
        reading.await.unwrap_or(Err(BodyError::Broken))
    }

    fn read(self, body: &[u8]) -> Result<Push, BodyError> {
        let decoded = self.encoding.decode(body, &self.limits)?;
        self.read_decoded(&decoded)
    }

    fn read_decoded(self, decoded: &[u8]) -> Result<Push, BodyError> {
        let limits = self.limits.of_reading();
        let families = match self.format {
            Format::Protobuf => match read(Format::Protobuf, decoded, &limits) {
                Err(error) if error.well_formed => {
                    let (refusal, now) = (error.into(), SystemTime::now());
                    return Ok(prepare_refused(self.key, self.change, refusal, now));
                }
                // Names in protobuf are not checked: upstream takes them, and spells them out on scrapes.
                read => read.map_err(BodyError::Protobuf)?,
            },
            Format::OpenMetrics => {
                openmetrics::read(decoded, self.names, &limits).map_err(BodyError::OpenMetrics)?
            }
            _ => text::read(decoded, self.names, &limits).map_err(BodyError::Text)?,
        };
        self.limits.check(&families)?;
        let origin = match self.format {
            Format::OpenMetrics => Origin::OpenMetrics,
            _ => Origin::Classic,
        };
        let now = SystemTime::now();
        let push = prepare_from(origin, self.key, self.change, families, now);
        Ok(push.expiring_after(self.ttl))
    }
}
