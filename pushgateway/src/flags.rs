//! The command line: one row a flag, in the order of upstream's `--help`.
//!
//! Names, defaults and words are upstream's, but for `--persistence.interval`, whose default makes every
//! acknowledged push durable, and the limits at the end. `main.rs` turns the values into a program.

use std::path::PathBuf;

use promontory_exporter::build;
use promontory_exporter::flag::{Flag, Flags, Parsed, Takes};
use promontory_exporter::limits::Limits;
use promontory_exporter::log::Style;
use promontory_exporter::program::{Program, TELEMETRY_PATH, web_flags};
use promontory_exposition::name::NameRules;

use crate::commit::{Consistency, Durability, Options};
use crate::http::instrument::own_families;
use crate::limits::{PushLimits, StoreLimits};

/// The flag that the server's refusals name.
const BODY_BYTES_MAX: &str = "push.max-body-bytes";
/// As [`BODY_BYTES_MAX`], of all bodies together.
const BODIES_BYTES_MAX: &str = "push.max-bodies-bytes";

/// The rows after those of the web.
const ROWS: &[Flag] = &[
    TELEMETRY_PATH,
    Flag::new(
        "web.external-url",
        Takes::Url { default: "" },
        "The URL under which the Pushgateway is externally reachable.",
    ),
    Flag::text(
        "web.route-prefix",
        "",
        "Prefix for the internal routes of web endpoints. Defaults to the path of --web.external-url.",
    ),
    Flag::switch("web.enable-lifecycle", "Enable shutdown via HTTP request."),
    Flag::switch(
        "web.enable-admin-api",
        "Enable API endpoints for admin control actions.",
    ),
    Flag::text(
        "persistence.file",
        "",
        "File to persist metrics. If empty, metrics are only kept in memory.",
    ),
    Flag::duration(
        "persistence.interval",
        "0s",
        "How long acknowledged pushes may wait to be written to the persistence file. With 0s a push is acknowledged only once it is on disk.",
    ),
    Flag::switch(
        "push.disable-consistency-check",
        "Do not check consistency of pushed metrics. DANGEROUS.",
    ),
    Flag::switch(
        "push.enable-utf8-names",
        "Allow UTF-8 characters in metric and label names.",
    ),
    Flag::duration(
        "push.ttl",
        "0s",
        "How long after its last accepted push a group is deleted. 0s means never. The query parameter ttl and the header Push-TTL of a push say otherwise for its group.",
    ),
    Flag::integer(
        BODY_BYTES_MAX,
        64 << 20,
        "Largest request body accepted, as sent. 0 is no limit, here and in what follows.",
    ),
    Flag::integer(
        BODIES_BYTES_MAX,
        512 << 20,
        "Request bodies held at a time, all together, as sent. One more is answered with 503, but for the first 16 KiB of a connection, for which there is always room.",
    ),
    Flag::integer(
        "push.max-decoded-bytes",
        256 << 20,
        "Largest pushed body accepted, once uncompressed.",
    ),
    Flag::integer(
        "push.max-ratio",
        250,
        "How many bytes each byte of a compressed push may become, where they are more than 1 MiB together.",
    ),
    Flag::integer(
        "push.max-series",
        1_000_000,
        "Series of one push; a histogram or summary counts as one.",
    ),
    Flag::integer(
        "push.max-labels",
        1_000,
        "Labels of one pushed series, and of a group's path.",
    ),
    Flag::integer(
        "push.max-label-name-bytes",
        4 << 10,
        "Longest label name accepted, in bodies and paths.",
    ),
    Flag::integer(
        "push.max-label-value-bytes",
        64 << 10,
        "Longest label value accepted, in bodies and paths.",
    ),
    Flag::integer(
        "store.max-series",
        10_000_000,
        "Series held in all; a histogram or summary counts as one. A push that would add to more is answered with 429.",
    ),
    Flag::integer(
        "store.max-groups",
        1_000_000,
        "Groups held in all. A push that would add one more is answered with 429.",
    ),
];

/// The program with its flags.
pub fn program() -> Program {
    Program::new("pushgateway", "The Pushgateway", build!())
        .log_style(Style::GoKit)
        .flags(web_flags(&[":9091"]))
        .flags(ROWS.iter().cloned())
}

/// How the core is opened.
///
/// # Errors
/// A limit is negative.
pub fn options(flags: &Flags) -> anyhow::Result<Options> {
    let file = flags.text("persistence.file");
    let interval = flags.duration("persistence.interval");
    Ok(Options {
        persistence_file: (!file.is_empty()).then(|| PathBuf::from(file)),
        durability: if interval.is_zero() {
            Durability::Acknowledged
        } else {
            Durability::Every(interval)
        },
        consistency: if flags.on("push.disable-consistency-check") {
            Consistency::Unchecked
        } else {
            Consistency::Checked
        },
        limits: StoreLimits {
            series_max: limit(flags, "store.max-series")?,
            groups_max: limit(flags, "store.max-groups")?,
        },
        own: own_families(),
    })
}

/// What one push may hold.
///
/// # Errors
/// A limit is negative.
pub fn push_limits(flags: &Flags) -> anyhow::Result<PushLimits> {
    Ok(PushLimits {
        decoded_bytes_max: limit(flags, "push.max-decoded-bytes")?,
        ratio_max: limit(flags, "push.max-ratio")?,
        series_max: limit(flags, "push.max-series")?,
        labels_max: limit(flags, "push.max-labels")?,
        label_name_bytes_max: limit(flags, "push.max-label-name-bytes")?,
        label_value_bytes_max: limit(flags, "push.max-label-value-bytes")?,
    })
}

/// What clients may use up: how large a request's body may be, and all together, as sent.
///
/// # Errors
/// A limit is negative.
pub fn server_limits(flags: &Flags) -> anyhow::Result<Limits> {
    let bytes = |name| limit(flags, name).map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX));
    Ok(Limits {
        body_bytes_max: bytes(BODY_BYTES_MAX)?,
        body_flag: BODY_BYTES_MAX,
        bodies_bytes_max: bytes(BODIES_BYTES_MAX)?,
        bodies_flag: BODIES_BYTES_MAX,
        ..Limits::default()
    })
}

/// The flags with their values, for people: as upstream does, with the prefix that is really in use.
pub fn shown(flags: &Flags, prefix: &str) -> Vec<(String, String)> {
    let mut shown = flags.shown();
    for (name, value) in &mut shown {
        if name == "web.route-prefix" {
            prefix.clone_into(value);
        }
    }
    shown
}

/// The names of the flags of [`shown`] whose values are not those they have when nothing is given.
pub fn changed(shown: &[(String, String)]) -> Vec<String> {
    let Ok(Parsed::Run(defaults)) = program().table().parse([]) else {
        return Vec::new();
    };
    let defaults = defaults.shown();
    let differs = |flag: &&(String, String)| !defaults.contains(flag);
    shown
        .iter()
        .filter(differs)
        .map(|(name, _)| name.clone())
        .collect()
}

/// Which names paths and text bodies may hold.
pub fn names(flags: &Flags) -> NameRules {
    if flags.on("push.enable-utf8-names") {
        NameRules::Utf8
    } else {
        NameRules::Classic
    }
}

/// What an acknowledged push is worth, in a sentence.
pub fn promise(options: &Options) -> String {
    match (&options.persistence_file, options.durability) {
        (None, _) => "In memory only: what was pushed ends with the process.".to_owned(),
        (Some(file), Durability::Acknowledged) => {
            format!(
                "{}: a push is acknowledged once it is on disk.",
                file.display()
            )
        }
        (Some(file), Durability::Every(interval)) => {
            format!(
                "{}: written every {interval:?}; a crash may lose what was acknowledged since.",
                file.display()
            )
        }
    }
}

/// A flag that is a limit; 0 is none.
fn limit(flags: &Flags, name: &str) -> anyhow::Result<usize> {
    match flags.integer(name) {
        0 => Ok(usize::MAX),
        given => {
            usize::try_from(given).map_err(|_| anyhow::anyhow!("--{name}: {given} is not a limit"))
        }
    }
}
