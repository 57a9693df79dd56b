//! Rows of the flag table that programs share, in the words of exporter-toolkit and node_exporter.

use crate::flag::{Flag, Takes};

/// `--web.telemetry-path`.
pub const TELEMETRY_PATH: Flag = Flag::text(
    "web.telemetry-path",
    "/metrics",
    "Path under which to expose metrics.",
);

/// What exporters have besides [`web_flags`].
pub const EXPORTER_FLAGS: &[Flag] = &[
    TELEMETRY_PATH,
    Flag::switch(
        "web.disable-exporter-metrics",
        "Exclude metrics about the exporter itself (promhttp_*, process_*).",
    ),
    Flag::integer(
        "web.max-requests",
        40,
        "Maximum number of parallel scrape requests. Use 0 to disable.",
    ),
];

/// Where a program listens, in exporter-toolkit's order; `listen` is the default of
/// `--web.listen-address`.
pub fn web_flags(listen: &'static [&'static str]) -> [Flag; 3] {
    [
        Flag::switch(
            "web.systemd-socket",
            "Use systemd socket activation listeners instead of port listeners (Linux only).",
        ),
        Flag::new(
            "web.listen-address",
            Takes::Texts { default: listen },
            "Addresses on which to expose metrics and web interface. Repeatable for multiple addresses. Examples: `:9100` or `[::1]:9100`",
        ),
        Flag::text(
            "web.config.file",
            "",
            "Path to configuration file that can enable TLS or authentication. See: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md",
        ),
    ]
}
