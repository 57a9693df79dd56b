//! The program through the doors its users have. One binary, so that linking happens once.
#![expect(
    clippy::unwrap_used,
    reason = "a failed assumption in a test is the finding"
)]

mod program;
mod readme;
