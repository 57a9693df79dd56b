//! Skeleton.
mod expfmt;
