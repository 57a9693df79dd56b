//! How many files and sockets this process may have open.
//!
//! Shells and systemd give 1024 by default and allow far more to who asks: the soft limit protects programs that
//! use `select`, which we do not. Go's runtime asks at its start, so the replaced programs have the larger number too.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one, where the kernel lets us, and returns what is allowed afterwards.
pub(super) fn raise() -> usize {
    let now = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: now.maximum,
        maximum: now.maximum,
    };
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => now.maximum,
        Err(_) => now.current,
    };
    // No number is no limit.
    allowed.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX))
}

/// How many of the `allowed` descriptors the connections of each of so many sites may take: a quarter is left for files,
/// stores and log.
pub(super) fn for_connections(allowed: usize, sites: usize) -> usize {
    (allowed - allowed / 4) / sites.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_left_however_many_sites_there_are() {
        assert_eq!(for_connections(1024, 1), 768);
        assert_eq!(for_connections(1024, 2), 384);
        assert_eq!(for_connections(usize::MAX, 0), usize::MAX - usize::MAX / 4);
        for sites in 1..10 {
            assert!(for_connections(1001, sites) * sites <= 751);
        }
    }
}
