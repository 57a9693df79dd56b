//! The edge, tested through real sockets by real clients (curl, openssl, plain TCP).
//!
//! `running` starts a server in this process, `client` talks to it, `certs` makes certificates; the other
//! modules hold the cases.
#![expect(unreachable_pub, reason = "modules of one test binary share helpers")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed assumption of a helper is the finding"
)]

mod certs;
mod client;
mod running;

mod auth;
mod client_certs;
mod limits;
mod listening;
mod program;
mod push;
mod reload;
mod stopping;
mod tls;
