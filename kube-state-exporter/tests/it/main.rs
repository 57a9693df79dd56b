//! The program through the doors its users have. One binary, so that linking happens once.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed assumption in a test is the finding"
)]

mod flags;
mod program;
mod rbac;
mod readme;
mod scrape;
mod select;
mod site;
mod telemetry;
