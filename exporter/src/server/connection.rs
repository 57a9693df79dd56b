//! One connection from accept to close: the TLS handshake, the protocol, its watchdog, its part of a drain.
//!
//! Whatever goes wrong here ends this connection alone.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::activity::Activity;
use super::budget::{Budget, FREE_BYTES};
use super::seats::Seat;
use super::service::{Caller, answer};
use super::socket::Socket;
use super::{Peer, SiteState};
use crate::shutdown::Shutdown;

/// What Go's server tells a client that speaks HTTP to a TLS port, byte for byte.
const NOT_TLS: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// The first byte of a TLS record that carries a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Serves a connection until it ends, is overdue, or the server is told to stop.
pub(super) async fn serve(
    site: Arc<SiteState>,
    stream: TcpStream,
    address: SocketAddr,
    seat: Seat,
    shutdown: Shutdown,
) {
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let connection = Connection {
        seat,
        caller: Caller {
            peer: Peer {
                address,
                tls: false,
            },
            free: Budget::new(FREE_BYTES),
        },
        site,
        shutdown,
    };
    let tls = connection
        .site
        .gate
        .as_ref()
        .and_then(|gate| gate.current().tls());
    match tls {
        None => connection.http1(stream).await,
        // On the heap, or every plain connection would be as large in memory as an encrypted one.
        Some(config) => Box::pin(connection.tls(stream, TlsAcceptor::from(config))).await,
    }
}

struct Connection {
    site: Arc<SiteState>,
    seat: Seat,
    caller: Caller,
    shutdown: Shutdown,
}

impl Connection {
    async fn tls(mut self, stream: TcpStream, acceptor: TlsAcceptor) {
        let handshake = timeout(
            self.site.limits.handshake_timeout,
            handshake(stream, acceptor, &self.seat.activity),
        );
        let stopped = self.shutdown.clone();
        let accepted = tokio::select! {
            accepted = handshake => accepted,
            () = stopped.wait() => return,
            () = self.seat.activity.told_to_give_way() => return,
        };
        let stream = match accepted {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(peer = %self.caller.peer.address, %error, "TLS handshake failed");
                return;
            }
            Err(_) => return,
        };
        self.caller.peer.tls = true;
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => self.http2(stream).await,
            _ => self.http1(stream).await,
        }
    }

    /// HTTP/1.1, with the header spelling and the half-closed clients of Go's server.
    async fn http1<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let limits = &self.site.limits;
        let service = service_fn(|request| {
            answer(
                &self.site,
                &self.caller,
                self.seat.activity.begin(),
                request,
            )
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_header_size(limits.header_bytes_max)
            .max_buf_size(limits.header_bytes_max.max(8192))
            .title_case_headers(true)
            .half_close(true);
        let socket = TokioIo::new(self.socket(stream));
        let mut connection = pin!(builder.serve_connection(socket, service));
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            () = self.seat.activity.overdue(limits) => return,
            () = self.shutdown.wait() => {}
            () = self.seat.activity.told_to_give_way() => {}
        }
        // A request may have come since it was told to; that one is still answered.
        if self.seat.activity.is_quiet() {
            return;
        }
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _ = connection.as_mut() => {}
            () = self.seat.activity.overdue(limits) => {}
        }
    }

    /// HTTP/2, only ever agreed on by ALPN: the replaced programs do not speak it unencrypted.
    async fn http2<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        self.seat.activity.set_multiplexed();
        let limits = &self.site.limits;
        let (site, caller, activity) = (
            Arc::clone(&self.site),
            self.caller.clone(),
            Arc::clone(&self.seat.activity),
        );
        // Streams are tasks of their own, so each owns what it needs.
        let service = service_fn(move |request| {
            let (site, caller, in_flight) = (Arc::clone(&site), caller.clone(), activity.begin());
            async move { answer(&site, &caller, in_flight, request).await }
        });
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams_max)
            .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX));
        let socket = TokioIo::new(self.socket(stream));
        let mut connection = pin!(builder.serve_connection(socket, service));
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            () = self.seat.activity.overdue(limits) => {}
            () = self.shutdown.wait() => {}
            () = self.seat.activity.told_to_give_way() => {
                // A newcomer waits for the place, and a client that does not answer would keep it.
                if self.seat.activity.is_quiet() {
                    return;
                }
            }
        }
        // GOAWAY, so that the client sends its next request elsewhere; then whatever is in flight.
        connection.as_mut().graceful_shutdown();
        let _ = timeout(limits.drain_timeout, connection).await;
    }

    fn socket<S>(&self, stream: S) -> Socket<S> {
        let activity = Arc::clone(&self.seat.activity);
        Socket::new(stream, activity, self.site.limits.write_timeout)
    }
}

/// Once it has begun, the connection is busy: it must not be taken for an idle one that gives way to others.
async fn handshake(
    mut stream: TcpStream,
    acceptor: TlsAcceptor,
    activity: &Arc<Activity>,
) -> std::io::Result<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut first = [0; 1];
    let waiting = stream.peek(&mut first).await?;
    let _busy = activity.busy();
    if waiting == 1 && first[0] != TLS_HANDSHAKE && first[0].is_ascii_uppercase() {
        stream.write_all(NOT_TLS).await?;
        stream.shutdown().await?;
        return Err(std::io::Error::other("not TLS"));
    }
    acceptor.accept(stream).await
}
