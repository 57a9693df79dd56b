//! The formats through their one door: properties over large input spaces, and what memory they take.
//!
//! What single inputs give stands beside the code; what Go makes of the same bodies is compared in the
//! tests crate, which may start programs.

#[cfg(test)]
mod allocator;
#[cfg(test)]
mod arbitrary;
mod batch;
#[cfg(test)]
mod broken;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod roundtrip;
