//! A scrape's samples are collected and written without an allocation for each.

use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;
use promontory_exposition::{Escaping, Format, Kind, Target};

use crate::allocator::measure;

const FAMILIES: usize = 100;
const SAMPLES: usize = 150;

fn fill(batch: &mut Batch) {
    for family in 0..FAMILIES {
        let name = format!("a_family_{family}");
        let mut family = batch.family(Header {
            name: &name,
            help: Some("Help."),
            kind: Kind::Gauge,
            unit: "",
        });
        for sample in 0..SAMPLES {
            let device = ["eth0", "eth1", "wlan0"][sample % 3];
            let mode = &"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                [sample / 3..][..4];
            family.sample(&[("mode", mode), ("device", device)], sample as f64);
        }
    }
}

#[test]
fn collecting_allocates_as_it_grows_and_not_per_sample() {
    let mut batch = Batch::default();
    let ((), usage) = measure(|| fill(&mut batch));
    assert_eq!(batch.len(), FAMILIES * SAMPLES);
    // Names of families, and vectors that double: far below one for a sample.
    assert!(usage.allocations < 4 * FAMILIES, "{usage:?}");
    batch.clear();
    let ((), usage) = measure(|| fill(&mut batch));
    assert!(
        usage.allocations <= 2 * FAMILIES,
        "a second time: {usage:?}"
    );
}

#[test]
fn writing_allocates_per_family_and_not_per_sample() {
    let mut batch = Batch::default();
    fill(&mut batch);
    for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
        let target = Target {
            format,
            escaping: Escaping::Underscores,
        };
        let mut page = Vec::new();
        let (written, usage) = measure(|| batch.write(target, &mut page));
        assert_eq!(written, Ok(()));
        assert!(usage.allocations < 20 * FAMILIES, "{format:?}: {usage:?}");
    }
}
