//! The program through the doors its users have. One binary, so that linking happens once.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed assumption in a test is the finding"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the answers are those of the test's own program"
)]

mod api;
mod bulk;
mod durability;
mod expiry;
mod gate;
mod limits;
mod openmetrics;
mod pages;
mod program;
mod routes;
mod semantics;
mod site;
mod together;
