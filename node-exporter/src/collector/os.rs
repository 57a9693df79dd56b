//! `node_os_*`: the operating system, from os-release(5).

mod release;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::Flags;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;
use promontory_exposition::number;

use super::{Row, Trouble};
use crate::host::{Host, read};
use release::Release;

pub(super) const ROW: Row = Row {
    name: "os",
    default: true,
    about: "Name and version of the operating system.",
    reads: "`/etc/os-release` or `/usr/lib/os-release`, below `--path.rootfs`",
    owns: |name| [INFO_NAME, VERSION_NAME, SUPPORT_END_NAME].contains(&name),
    flags: &[],
    start,
};

const INFO_NAME: &str = "node_os_info";
const VERSION_NAME: &str = "node_os_version";
const SUPPORT_END_NAME: &str = "node_os_support_end_timestamp_seconds";

/// The first that exists counts.
const FILES: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];

/// Longer than any description of a system.
const BYTES_MAX: usize = 2 << 20;

struct Os([PathBuf; FILES.len()]);

fn start(_: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    Ok(Box::new(Os(FILES.map(|file| host.rootfs().join(file)))))
}

impl Collector for Os {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut buffer = Vec::new();
        let mut found = false;
        for path in &self.0 {
            match read(path, BYTES_MAX, &mut buffer) {
                Ok(_) => found = true,
                Err(err) if err.kind() == ErrorKind::NotFound => continue,
                Err(err) => return Err(err.into()),
            }
            break;
        }
        if !found {
            return Err(CollectError::NoData);
        }
        let mut trouble = Trouble::default();
        let release = Release::parse(&buffer, &mut trouble);
        // A file of which no line could be read says nothing about the system.
        if !release.is_empty() || trouble.is_empty() {
            write(&release, batch, &mut trouble);
        }
        trouble.outcome()
    }
}

/// Labels and the keys they come from.
const INFO: [(&str, &str); 12] = [
    ("build_id", "BUILD_ID"),
    ("id", "ID"),
    ("id_like", "ID_LIKE"),
    ("image_id", "IMAGE_ID"),
    ("image_version", "IMAGE_VERSION"),
    ("name", "NAME"),
    ("pretty_name", "PRETTY_NAME"),
    ("variant", "VARIANT"),
    ("variant_id", "VARIANT_ID"),
    ("version", "VERSION"),
    ("version_codename", "VERSION_CODENAME"),
    ("version_id", "VERSION_ID"),
];

fn write(release: &Release, batch: &mut Batch, trouble: &mut Trouble) {
    let labels = INFO.map(|(label, key)| (label, release.get(key)));
    let help = "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, name, pretty_name, variant, variant_id, version, version_codename, version_id.";
    batch
        .family(Header::gauge(INFO_NAME, help))
        .sample(&labels, 1.0);
    let version = major_minor(release.get("VERSION_ID"));
    if version > 0.0 {
        let help = "Metric containing the major.minor part of the OS version.";
        let labels = [("id", "ID"), ("id_like", "ID_LIKE"), ("name", "NAME")];
        batch.family(Header::gauge(VERSION_NAME, help)).sample(
            &labels.map(|(label, key)| (label, release.get(key))),
            version,
        );
    }
    match release.get("SUPPORT_END") {
        "" => {}
        end => match support_end(end) {
            Some(seconds) => {
                let help = "Metric containing the end-of-life date timestamp of the OS.";
                batch
                    .family(Header::gauge(SUPPORT_END_NAME, help))
                    .sample(&[], seconds);
            }
            None => trouble.say(format_args!("os-release: SUPPORT_END: {end:?} is no date")),
        },
    }
}

/// The number at the beginning of a version: digits, a dot, digits. 0 where there is none.
fn major_minor(version: &str) -> f64 {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(version);
    if end > 0 && version[end..].starts_with('.') {
        end += 1 + digits(&version[end + 1..]);
    }
    number::parse(&version.as_bytes()[..end]).unwrap_or(0.0)
}

/// `2026-01-31` as seconds since the epoch, UTC.
fn support_end(date: &str) -> Option<f64> {
    let shape = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    if date.len() != 10 || !date.bytes().enumerate().all(shape) {
        return None;
    }
    let (year, month, day) = (&date[..4], &date[5..7], &date[8..]);
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(midnight.timestamp().as_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, version) in [
            ("20.04", 20.04),
            ("13", 13.0),
            ("7.", 7.0),
            ("rolling", 0.0),
            ("", 0.0),
            ("3.18.4_alpha", 3.18),
        ] {
            assert_eq!(major_minor(text), version, "{text}");
        }
    }

    #[test]
    fn ends_of_support() {
        assert_eq!(support_end("1970-01-02"), Some(86_400.0));
        assert_eq!(support_end("2026-11-26"), Some(1_795_651_200.0));
        for bad in [
            "2026-1-2",
            "2026-13-01",
            "2026-02-30",
            "soon",
            "2026-02-01 ",
        ] {
            assert_eq!(support_end(bad), None, "{bad}");
        }
    }
}
