//! Any bytes read or fail: no panic, no endless loop, no memory beyond the limit the runner sets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promontory_exposition::Format;
use promontory_exposition::format::{Limits, read};

fuzz_target!(|bytes: &[u8]| {
    let _ = read(Format::Text, bytes, &Limits::default());
});
