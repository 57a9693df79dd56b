//! Which objects are this instance's when several share a cluster: the same ones as kube-state-metrics gives a shard.

/// One of several shards.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shard {
    index: u32,
    total: u32,
}

impl Shard {
    /// The shard `index` of `total`; `None` if there is no such shard.
    pub fn new(index: u32, total: u32) -> Option<Self> {
        (index < total).then_some(Self { index, total })
    }

    /// Whether the object with this UID is ours: a jump consistent hash of the UID's 64-bit FNV-1a hash.
    pub fn keeps(self, uid: &str) -> bool {
        jump(fnv1a(uid.as_bytes()), self.total) == self.index
    }
}

/// FNV-1a with 64 bits (`hash/fnv`).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The bucket of `key` among `buckets` (Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm").
fn jump(mut key: u64, buckets: u32) -> u32 {
    let (mut bucket, mut next) = (0, 0_i64);
    while next < i64::from(buckets) {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let scale = f64::from(1_u32 << 31) / ((key >> 33) as f64 + 1.0);
        next = ((bucket + 1) as f64 * scale) as i64;
    }
    bucket as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes and buckets as Go's `hash/fnv` and upstream's `go-jump` give them.
    #[test]
    fn objects_are_in_upstreams_shards() {
        let uid = "6b1c2f0e-8a55-4a7e-9a35-0f9f0c0b7d11";
        for (uid, hash, buckets) in [
            ("", 14_695_981_039_346_656_037, [0, 1, 1, 1, 1, 90]),
            ("a", 12_638_187_200_555_641_996, [0, 1, 2, 2, 2, 31]),
            (uid, 6_558_737_123_366_304_131, [0, 0, 0, 0, 6, 15]),
            ("uid-1", 9_974_083_551_401_775_683, [0, 0, 0, 0, 0, 56]),
            ("uid-2", 9_974_084_650_913_403_894, [0, 0, 0, 3, 3, 32]),
            ("uid-3", 9_974_085_750_425_032_105, [0, 1, 1, 1, 4, 53]),
        ] {
            assert_eq!(fnv1a(uid.as_bytes()), hash, "{uid}");
            for (total, bucket) in [1, 2, 3, 4, 7, 100].into_iter().zip(buckets) {
                for index in 0..total {
                    let shard = Shard::new(index, total).unwrap();
                    assert_eq!(shard.keeps(uid), index == bucket, "{uid} {index}/{total}");
                }
            }
        }
        assert!(Shard::new(2, 2).is_none());
    }
}
