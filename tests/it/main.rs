//! What only several parts together can show: our programs beside the real ones, through their real doors.
//!
//! One module a subject. Each test starts its own processes on free ports of 127.0.0.1 and leaves none behind.

mod clients;
#[cfg(test)]
mod expfmt;
mod kill;
mod parity;
mod random;
