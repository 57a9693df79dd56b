//! Families from a seed: every kind, every optional part there or not.

use crate::model::{
    Bucket, Count, Counter, Exemplar, Family, Histogram, Kind, Label, Metric, Native,
    NativeBuckets, Quantile, Span, Summary, Timestamp, Value,
};

/// A few families of every kind that protobuf has.
pub(super) fn families(seed: u64) -> Vec<Family<'static>> {
    let mut dice = Dice(seed | 1);
    dice.list(4, Dice::family)
}

struct Dice(u64);

impl Dice {
    /// A number below `sides`; xorshift is random enough here.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.roll(2) == 0).then(|| make(self))
    }

    fn list<T>(&mut self, max: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.roll(max)).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> String {
        const CHARACTERS: [char; 8] = ['a', 'b', '.', '"', '\\', '\n', 'ä', '\0'];
        self.list(6, |dice| CHARACTERS[dice.roll(8) as usize])
            .into_iter()
            .collect()
    }

    fn float(&mut self) -> f64 {
        const FLOATS: [f64; 8] = [
            0.0,
            -0.0,
            1.5,
            -2.0,
            1e300,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        FLOATS[self.roll(8) as usize]
    }

    fn integer(&mut self) -> u64 {
        let bits = self.roll(64);
        self.roll(u64::MAX) >> bits
    }

    fn count(&mut self) -> Count {
        if self.roll(2) == 0 {
            Count::Integer(self.integer())
        } else {
            Count::Float(self.float())
        }
    }

    fn timestamp(&mut self) -> Timestamp {
        Timestamp {
            seconds: self.integer() as i64,
            nanos: self.integer() as i32,
        }
    }

    fn labels(&mut self) -> Vec<Label<'static>> {
        self.list(4, |dice| Label::new(dice.text(), dice.text()))
    }

    fn exemplar(&mut self) -> Exemplar<'static> {
        Exemplar {
            labels: self.labels(),
            value: self.float(),
            timestamp: self.maybe(Self::timestamp),
        }
    }

    fn boxed_exemplar(&mut self) -> Option<Box<Exemplar<'static>>> {
        self.maybe(|dice| Box::new(dice.exemplar()))
    }

    fn family(&mut self) -> Family<'static> {
        const KINDS: [Kind; 6] = [
            Kind::Counter,
            Kind::Gauge,
            Kind::Untyped,
            Kind::Summary,
            Kind::Histogram,
            Kind::GaugeHistogram,
        ];
        let kind = KINDS[self.roll(6) as usize];
        Family {
            name: format!("x{}", self.text()).into(),
            help: self.maybe(|dice| dice.text().into()),
            kind,
            unit: self.text().into(),
            metrics: self.list(4, |dice| Metric {
                labels: dice.labels(),
                value: dice.value(kind),
                timestamp_ms: dice.maybe(|dice| dice.integer() as i64),
            }),
        }
    }

    fn value(&mut self, kind: Kind) -> Value<'static> {
        match kind {
            Kind::Counter => Value::Counter(Counter {
                value: self.float(),
                exemplar: self.boxed_exemplar(),
                created: self.maybe(Self::timestamp),
            }),
            Kind::Gauge | Kind::Info | Kind::StateSet => Value::Gauge(self.float()),
            Kind::Untyped => Value::Untyped(self.float()),
            Kind::Summary => Value::Summary(Box::new(Summary {
                count: self.integer(),
                sum: self.float(),
                quantiles: self.list(3, |dice| Quantile {
                    quantile: dice.float(),
                    value: dice.float(),
                }),
                created: self.maybe(Self::timestamp),
            })),
            Kind::Histogram | Kind::GaugeHistogram => Value::Histogram(Box::new(self.histogram())),
        }
    }

    fn histogram(&mut self) -> Histogram<'static> {
        Histogram {
            count: self.count(),
            sum: self.float(),
            buckets: self.list(4, |dice| Bucket {
                upper_bound: dice.float(),
                cumulative_count: dice.count(),
                exemplar: dice.boxed_exemplar(),
            }),
            created: self.maybe(Self::timestamp),
            native: self.maybe(|dice| {
                Box::new(Native {
                    schema: dice.integer() as i32,
                    zero_threshold: dice.float(),
                    zero_count: dice.count(),
                    negative: dice.native_buckets(),
                    positive: dice.native_buckets(),
                    exemplars: dice.list(3, Self::exemplar),
                })
            }),
        }
    }

    fn native_buckets(&mut self) -> NativeBuckets {
        NativeBuckets {
            spans: self.list(3, |dice| Span {
                offset: dice.integer() as i32,
                length: dice.integer() as u32,
            }),
            deltas: self.list(3, |dice| dice.integer() as i64),
            counts: self.list(3, Self::float),
        }
    }
}
