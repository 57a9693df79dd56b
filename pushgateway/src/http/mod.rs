//! The HTTP side: one file a route, and no rule about metrics.

pub mod path;
pub mod route;
