//! What only several parts together can show: our programs beside the real ones, through their real doors.
//!
//! One module a subject. Each test starts its own processes on free ports of 127.0.0.1 and leaves none behind.
//! `cfg(test)` tells clippy that all of it is test code, where unwrapping is fine.

#[cfg(test)]
mod bulk;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod expfmt;
#[cfg(test)]
mod expiry;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod kube;
#[cfg(test)]
mod life;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod node;
#[cfg(test)]
mod openmetrics;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod random;
#[cfg(test)]
mod rust_client;
#[cfg(test)]
mod selectors;
#[cfg(test)]
mod up;
