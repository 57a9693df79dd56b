//! Every bound the server puts on bytes, counts and times that a client controls, in one table.
//!
//! The replaced programs have next to none of these (an unfinished header stays open for ever); the defaults
//! are generous enough that no honest client notices them.

use std::time::Duration;

/// Bounds of one [`Site`](crate::server::Site).
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections, and no more than three quarters of the descriptors the process may open, which its sites share
    /// evenly. At the bound the connection that has been idle longest is closed for a newcomer, which waits while all are
    /// busy.
    pub connections_max: usize,
    /// Bytes of one request head (request line and headers); beyond: 431. Never below 8192.
    pub header_bytes_max: usize,
    /// From the first wait for a request head to its end; beyond: the connection is closed.
    pub header_timeout: Duration,
    /// Bytes of one request body as sent, before any decompression; beyond: 413.
    pub body_bytes_max: u64,
    /// The flag that sets `body_bytes_max`, for the refusal to name; empty where there is none.
    pub body_flag: &'static str,
    /// Bytes of all request bodies that are held at a time, as sent, from their arrival to their answers; beyond: 503. The
    /// first 16 KiB of a connection are not counted, so that small bodies have room whatever others hold. A body that
    /// would not even fit alone: 413.
    pub bodies_bytes_max: u64,
    /// The flag that sets `bodies_bytes_max`, as `body_flag`.
    pub bodies_flag: &'static str,
    /// Longest pause between two pieces of a request body; beyond: 408.
    pub body_idle_timeout: Duration,
    /// From the head of a request to the end of its body; beyond: 408.
    pub body_timeout: Duration,
    /// How long a connection may stay open between two requests.
    pub idle_timeout: Duration,
    /// How long a client may leave an answer unread before its connection is closed.
    pub write_timeout: Duration,
    /// From accepting a connection to the end of its TLS handshake.
    pub handshake_timeout: Duration,
    /// How long a shutdown waits for requests in flight.
    pub drain_timeout: Duration,
    /// Requests one HTTP/2 connection may have open at a time.
    pub streams_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            header_bytes_max: 128 << 10,
            header_timeout: Duration::from_secs(30),
            body_bytes_max: 64 << 20,
            body_flag: "",
            bodies_bytes_max: 512 << 20,
            bodies_flag: "",
            body_idle_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(600),
            idle_timeout: Duration::from_secs(300),
            write_timeout: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
            streams_max: 250,
        }
    }
}
