//! The command line: one row a flag, in the order of upstream's `--help`.
//!
//! Names, defaults and words are upstream's, but for `--persistence.interval`, whose default makes every
//! acknowledged push durable, and the limits at the end. `main.rs` turns the values into a program.

use std::path::PathBuf;

use promontory_exporter::build;
use promontory_exporter::flag::{Flag, Flags, Takes};
use promontory_exporter::log::Style;
use promontory_exporter::program::{Program, TELEMETRY_PATH, web_flags};
use promontory_exposition::name::NameRules;

use crate::commit::{Consistency, Durability, Options};
use crate::http::instrument::own_families;

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
        "push.max-body-bytes",
        64 << 20,
        "Largest request body accepted, as sent.",
    ),
    Flag::integer(
        "push.max-decoded-bytes",
        256 << 20,
        "Largest pushed body accepted, once uncompressed.",
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
pub fn options(flags: &Flags) -> Options {
    let file = flags.text("persistence.file");
    let interval = flags.duration("persistence.interval");
    Options {
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
        own: own_families(),
    }
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

/// A flag that counts bytes.
///
/// # Errors
/// It is negative.
pub fn bytes(flags: &Flags, name: &str) -> anyhow::Result<u64> {
    let bytes = flags.integer(name);
    u64::try_from(bytes).map_err(|_| anyhow::anyhow!("--{name}: {bytes} is not a size"))
}
