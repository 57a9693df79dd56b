//! Where a page goes while it is made: pieces of a size worth sending, compressed on the way or already.

use bytes::Bytes;
use promontory_exposition::gzip::{self, Block, Compressor, Trailer};
use tokio::sync::mpsc;

use super::Message;
use crate::scrape::Encoding;

/// How large a piece is before it is handed over, in bytes: worth a write to a socket, and as much as is
/// compressed at a time.
pub(super) const PIECE: usize = 128 << 10;

/// Where a page goes while it is made.
#[derive(Debug)]
pub struct PageSink {
    pieces: mpsc::Sender<Message>,
    /// What is to be sent as it is.
    ready: Vec<u8>,
    gzip: Option<Gzip>,
}

/// What a gzip stream needs on its way.
struct Gzip {
    compressor: Compressor,
    trailer: Trailer,
    /// What is to be compressed next.
    plain: Vec<u8>,
}

/// Why a page cannot go on. Makers pass it up with `?`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SinkError {
    /// Nobody reads the page any more.
    #[error("the scraper hung up")]
    HungUp,
    /// A compressed block was written to a page that is not compressed.
    #[error("a compressed block in a page without compression")]
    NotGzip,
}

impl PageSink {
    pub(super) fn new(pieces: mpsc::Sender<Message>, encoding: Encoding) -> Self {
        let gzip = (encoding == Encoding::Gzip).then(Gzip::default);
        let ready = match gzip {
            Some(_) => gzip::HEADER.to_vec(),
            None => Vec::new(),
        };
        Self {
            pieces,
            ready,
            gzip,
        }
    }

    /// Whether [`block`](Self::block) is the way to write.
    pub fn is_gzip(&self) -> bool {
        self.gzip.is_some()
    }

    /// Writes some of the page; it is compressed here if need be. Waits while the client is slow.
    ///
    /// # Errors
    /// [`SinkError::HungUp`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        for bytes in bytes.chunks(PIECE) {
            let Some(gzip) = &mut self.gzip else {
                self.ready.extend_from_slice(bytes);
                self.hand_over(PIECE)?;
                continue;
            };
            gzip.plain.extend_from_slice(bytes);
            if gzip.plain.len() >= PIECE {
                gzip.compress(&mut self.ready);
                self.hand_over(PIECE)?;
            }
        }
        Ok(())
    }

    /// Writes a ready piece. A large one that needs no compression is sent without a copy.
    ///
    /// # Errors
    /// [`SinkError::HungUp`].
    pub fn bytes(&mut self, piece: impl Into<Bytes>) -> Result<(), SinkError> {
        let piece = piece.into();
        if self.is_gzip() || piece.len() < PIECE {
            return self.write(&piece);
        }
        self.hand_over(1)?;
        self.send(Message::Piece(piece))
    }

    /// Writes a piece that is compressed already; see [`is_gzip`](Self::is_gzip).
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn block(&mut self, block: &Block) -> Result<(), SinkError> {
        let gzip = self.gzip.as_mut().ok_or(SinkError::NotGzip)?;
        gzip.compress(&mut self.ready);
        gzip.join(block, &mut self.ready);
        self.hand_over(PIECE)
    }

    /// Sends what is ready if it is at least `least` bytes.
    fn hand_over(&mut self, least: usize) -> Result<(), SinkError> {
        if self.ready.len() < least {
            return Ok(());
        }
        // The next piece will be about as large.
        let next = Vec::with_capacity(self.ready.len());
        let piece = std::mem::replace(&mut self.ready, next);
        self.send(Message::Piece(piece.into()))
    }

    /// The end of the page.
    pub(super) fn finish(&mut self) -> Bytes {
        if let Some(mut gzip) = self.gzip.take() {
            gzip.compress(&mut self.ready);
            self.ready.extend_from_slice(&gzip.trailer.finish());
        }
        std::mem::take(&mut self.ready).into()
    }

    pub(super) fn send(&self, message: Message) -> Result<(), SinkError> {
        let sent = self.pieces.blocking_send(message);
        sent.map_err(|_| SinkError::HungUp)
    }
}

impl Gzip {
    /// Compresses what waits.
    fn compress(&mut self, out: &mut Vec<u8>) {
        if self.plain.is_empty() {
            return;
        }
        let block = self.compressor.compress(&self.plain);
        self.plain.clear();
        self.join(&block, out);
    }

    fn join(&mut self, block: &Block, out: &mut Vec<u8>) {
        out.extend_from_slice(&block.bytes);
        self.trailer.add(block);
    }
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            compressor: Compressor::default(),
            trailer: Trailer::default(),
            plain: Vec::with_capacity(PIECE),
        }
    }
}

impl std::fmt::Debug for Gzip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gzip").finish_non_exhaustive()
    }
}
