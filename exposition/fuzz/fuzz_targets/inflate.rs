//! Any bytes inflate to no more than the bound, or fail.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promontory_exposition::gzip::inflate;

const MAX: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(out) = inflate(bytes, MAX) {
        assert!(out.len() <= MAX);
    }
});
