//! Skeleton.
#[cfg(test)]
mod expfmt;
