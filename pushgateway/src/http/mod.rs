//! The HTTP side: one file a route, and no rule about metrics.

pub mod api;
pub mod content;
pub mod native;
pub mod path;
pub mod route;
pub mod summary;
