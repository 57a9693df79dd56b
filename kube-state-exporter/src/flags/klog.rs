//! The flags of klog, upstream's logger: all are taken, those that say how much is logged are followed.

use promontory_exporter::flag::{Flag, Flags, Takes};
use promontory_exporter::log::Level;

/// From this `-v` on klog tells what we call debugging.
const DEBUG: i64 = 4;

/// What `--stderrthreshold` takes.
const SEVERITIES: &[&str] = &["INFO", "WARNING", "ERROR", "FATAL", "0", "1", "2", "3"];

/// The rows, with klog's underscores.
pub(super) const ROWS: &[Flag] = &[
    Flag::switch("add_dir_header", "If true, adds the file directory to the header of the log messages"),
    Flag::switch("alsologtostderr", "log to standard error as well as files (no effect when -logtostderr=true)"),
    Flag::text("alsologtostderrthreshold", "", "logs at or above this threshold go to stderr when -alsologtostderr=true (no effect when -logtostderr=true)").placeholder("severity"),
    Flag::new(
        "legacy_stderr_threshold_behavior",
        Takes::Switch { default: true },
        "If true, stderrthreshold is ignored when logtostderr=true (legacy behavior). If false, stderrthreshold is honored even when logtostderr=true",
    ),
    Flag::text("log_backtrace_at", ":0", "when logging hits line file:N, emit a stack trace").placeholder("traceLocation"),
    Flag::text("log_dir", "", "If non-empty, write log files in this directory (no effect when -logtostderr=true)"),
    Flag::text("log_file", "", "If non-empty, use this log file (no effect when -logtostderr=true)"),
    Flag::integer("log_file_max_size", 1800, "Defines the maximum size a log file can grow to (no effect when -logtostderr=true). Unit is megabytes. If the value is 0, the maximum file size is unlimited.").placeholder("uint"),
    Flag::new(
        "logtostderr",
        Takes::Switch { default: true },
        "log to standard error instead of files",
    ),
    Flag::switch("one_output", "If true, only write logs to their native severity level (vs also writing to each lower severity level; no effect when -logtostderr=true)"),
    Flag::switch("skip_headers", "If true, avoid header prefixes in the log messages"),
    Flag::switch("skip_log_headers", "If true, avoid headers when opening log files (no effect when -logtostderr=true)"),
    Flag::new("stderrthreshold", Takes::Choice {
            of: SEVERITIES,
            default: "2",
            what: "severity",
        }, "logs at or above this threshold go to stderr when writing to files and stderr (no effect when -logtostderr=true or -alsologtostderr=true unless -legacy_stderr_threshold_behavior=false)").placeholder("severity"),
    Flag::integer("v", 0, "number for the log level verbosity").placeholder("Level").short('v'),
    Flag::text("vmodule", "", "comma-separated list of pattern=N settings for file-filtered logging").placeholder("moduleSpec"),
];

/// Those of the rows that change nothing here: there are no files of logs, and a line has no header of klog's.
pub(super) const WITHOUT_EFFECT: &[&str] = &[
    "add_dir_header",
    "alsologtostderr",
    "alsologtostderrthreshold",
    "legacy_stderr_threshold_behavior",
    "log_backtrace_at",
    "log_dir",
    "log_file",
    "log_file_max_size",
    "logtostderr",
    "one_output",
    "skip_headers",
    "skip_log_headers",
    "vmodule",
];

/// The level that `-v` and `--stderrthreshold` ask for, where they are given.
pub(super) fn level(flags: &Flags) -> Option<Level> {
    if flags.given("v") && flags.integer("v") >= DEBUG {
        return Some(Level::Debug);
    }
    if !flags.given("stderrthreshold") {
        return None;
    }
    match flags.text("stderrthreshold") {
        "WARNING" | "1" => Some(Level::Warn),
        "ERROR" | "FATAL" | "2" | "3" => Some(Level::Error),
        _ => None,
    }
}
