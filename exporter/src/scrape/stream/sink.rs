//! Where a page goes while it is made: pieces of a size worth sending, compressed on the way or already.

use std::io::Write;

use bytes::Bytes;
use promontory_exposition::gzip::{self, Block, Compressor, Trailer};
use tokio::sync::mpsc;

use super::Message;
use super::patience::Patience;
use crate::scrape::Encoding;
use crate::scrape::encoding::ZSTD_LEVEL;

/// How large a piece is before it is handed over, in bytes: worth a write to a socket, and as much as is
/// compressed at a time.
pub(super) const PIECE: usize = 128 << 10;

/// Why zstd does not fail once it has begun.
const IN_MEMORY: &str = "bytes in memory compress to bytes in memory";

/// Where a page goes while it is made.
#[derive(Debug)]
pub struct PageSink {
    pieces: mpsc::Sender<Message>,
    patience: Patience,
    /// What is to be sent as it is.
    ready: Vec<u8>,
    packing: Packing,
}

/// How a page is encoded on its way.
#[derive(Debug)]
enum Packing {
    Identity,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
}

/// A zstd stream on its way; it writes into its own buffer.
struct Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>);

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
    /// The client takes longer than [`Options`](crate::scrape::Options) allow.
    #[error("the scraper reads too slowly")]
    TooSlow,
    /// A compressed block was written to a page that is not compressed.
    #[error("a compressed block in a page without compression")]
    NotGzip,
}

impl PageSink {
    pub(super) fn new(
        pieces: mpsc::Sender<Message>,
        encoding: Encoding,
        patience: Patience,
    ) -> std::io::Result<Self> {
        let mut ready = Vec::new();
        let packing = match encoding {
            Encoding::Identity => Packing::Identity,
            Encoding::Gzip => {
                ready.extend_from_slice(&gzip::HEADER);
                Packing::Gzip(Box::default())
            }
            Encoding::Zstd => Packing::Zstd(Box::new(Zstd(zstd::stream::write::Encoder::new(
                Vec::new(),
                ZSTD_LEVEL,
            )?))),
        };
        Ok(Self {
            pieces,
            patience,
            ready,
            packing,
        })
    }

    /// Whether [`block`](Self::block) is the way to write.
    pub fn is_gzip(&self) -> bool {
        matches!(self.packing, Packing::Gzip(_))
    }

    /// Writes some of the page; it is compressed here if need be. Waits while the client is slow.
    ///
    /// # Errors
    /// [`SinkError::HungUp`] and [`SinkError::TooSlow`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        for bytes in bytes.chunks(PIECE) {
            match &mut self.packing {
                Packing::Identity => self.ready.extend_from_slice(bytes),
                Packing::Gzip(gzip) => gzip.write(bytes, &mut self.ready),
                Packing::Zstd(zstd) => zstd.write(bytes, &mut self.ready),
            }
            self.hand_over(PIECE)?;
        }
        Ok(())
    }

    /// Writes a ready piece. A large one that needs no compression is sent without a copy.
    ///
    /// # Errors
    /// [`SinkError::HungUp`] and [`SinkError::TooSlow`].
    pub fn bytes(&mut self, piece: impl Into<Bytes>) -> Result<(), SinkError> {
        let piece = piece.into();
        if !matches!(self.packing, Packing::Identity) || piece.len() < PIECE {
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
        let Packing::Gzip(gzip) = &mut self.packing else {
            return Err(SinkError::NotGzip);
        };
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
        match std::mem::replace(&mut self.packing, Packing::Identity) {
            Packing::Identity => {}
            Packing::Gzip(mut gzip) => {
                gzip.compress(&mut self.ready);
                self.ready.extend_from_slice(&gzip.trailer.finish());
            }
            Packing::Zstd(zstd) => {
                let end = zstd.0.finish().expect(IN_MEMORY);
                self.ready.extend_from_slice(&end);
            }
        }
        std::mem::take(&mut self.ready).into()
    }

    pub(super) fn send(&self, message: Message) -> Result<(), SinkError> {
        self.patience.send(&self.pieces, message)
    }
}

impl Zstd {
    fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.0.write_all(bytes).expect(IN_MEMORY);
        out.append(self.0.get_mut());
    }
}

impl Gzip {
    fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.plain.extend_from_slice(bytes);
        if self.plain.len() >= PIECE {
            self.compress(out);
        }
    }

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

impl std::fmt::Debug for Zstd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Zstd").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Gzip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gzip").finish_non_exhaustive()
    }
}
