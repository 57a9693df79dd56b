//! What the collectors of one scrape wrote, and the page made of it.

use promontory_exposition::batch::Batch;
use promontory_exposition::error::WriteError;
use promontory_exposition::format::Target;
use promontory_exposition::model::Header;
use tracing::error;

use super::ScrapeSeries;

/// What the collectors of one scrape wrote.
#[derive(Debug)]
pub struct Gathered {
    pub(super) parts: Vec<Part>,
    pub(super) series: Option<ScrapeSeries>,
}

/// What one collector wrote.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) filtered: bool,
    pub(super) success: bool,
    pub(super) duration_seconds: f64,
    pub(super) batch: Batch,
}

impl Gathered {
    /// Writes one valid page; returns how many collectors were left out.
    ///
    /// Where the parts do not make a valid page together, the first ones win: a collector whose
    /// metrics collide with those before is left out, logged, and shown as failed.
    ///
    /// # Errors
    /// None that a collector can cause.
    pub fn write(mut self, target: Target, out: &mut Vec<u8>) -> Result<usize, WriteError> {
        let start = out.len();
        if self.merged(self.parts.len()).write(target, out).is_ok() {
            return Ok(0);
        }
        let left_out = self.leave_out_culprits(target);
        out.truncate(start);
        self.merged(self.parts.len()).write(target, out)?;
        Ok(left_out)
    }

    /// The first parts and the series about the scrape.
    fn merged(&self, parts: usize) -> Batch {
        let mut batch = Batch::default();
        if let Some(series) = self.series {
            series.write(&self.parts, &mut batch);
        }
        for part in self.parts.iter().take(parts) {
            batch.append(&part.batch);
        }
        batch
    }

    /// Empties every part that makes the page invalid and returns their number. Slow, and only for
    /// pages that are.
    fn leave_out_culprits(&mut self, target: Target) -> usize {
        let mut scratch = Vec::new();
        let mut left_out = 0;
        for index in 0..self.parts.len() {
            scratch.clear();
            let Err(err) = self.merged(index + 1).write(target, &mut scratch) else {
                continue;
            };
            let part = &mut self.parts[index];
            error!(name = part.name, %err, "collector left out: its metrics do not fit the page");
            part.batch = Batch::default();
            part.success = false;
            left_out += 1;
        }
        left_out
    }
}

impl ScrapeSeries {
    fn write(self, parts: &[Part], batch: &mut Batch) {
        let Self { namespace, program } = self;
        let mut family = |name: &str, help: &str, value: fn(&Part) -> f64| {
            let name = format!("{namespace}_scrape_collector_{name}");
            let help = format!("{program}: {help}");
            let mut family = batch.family(Header::gauge(&name, &help));
            for part in parts.iter().filter(|part| part.filtered) {
                family.sample(&[("collector", &part.name)], value(part));
            }
        };
        family(
            "duration_seconds",
            "Duration of a collector scrape.",
            |part| part.duration_seconds,
        );
        family("success", "Whether a collector succeeded.", |part| {
            f64::from(u8::from(part.success))
        });
    }
}
