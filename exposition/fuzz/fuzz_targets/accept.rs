//! Any `Accept` header is answered with a format and an escaping scheme that stand in the content type.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promontory_exposition::negotiate::{Offer, negotiate};

fuzz_target!(|accept: &str| {
    for offer in [Offer::Classic, Offer::WithOpenMetrics] {
        let agreed = negotiate(Some(accept), offer);
        assert!(
            agreed
                .content_type
                .ends_with(agreed.target.escaping.as_str())
        );
    }
});
