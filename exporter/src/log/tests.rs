use std::sync::Arc;

use tracing::{debug, error, info, warn};

use super::*;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no thread died").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What `log` prints, with times and lines of this file replaced.
fn printed(level: Level, format: Format, style: Style, log: impl FnOnce()) -> String {
    let sink = Sink::default();
    let settings = Settings {
        level,
        format,
        style,
    };
    tracing::subscriber::with_default(subscriber(settings, sink.clone()), log);
    let text = String::from_utf8(sink.0.lock().expect("no thread died").clone()).expect("UTF-8");
    let mut out = String::new();
    for line in text.lines() {
        let (before, rest) = line.split_once("20").expect("a time");
        let zone = rest.find('Z').expect("UTC");
        let length = rest[..zone].len();
        let (middle, rest) = rest[zone + 1..].split_once("tests.rs:").expect("a place");
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let nanoseconds = length > 21;
        out.push_str(&format!(
            "{before}{}{middle}tests.rs:N{rest}\n",
            if nanoseconds { "NANOS" } else { "MILLIS" }
        ));
    }
    out
}

fn some_lines() {
    debug!("Hidden at info.");
    info!(address = %"127.0.0.1:9091", http2 = false, n = 3, "Listening on");
    warn!(
        empty = "",
        eq = "a=b",
        quote = "say \"hi\"\n",
        path = "C:\\x",
        word = "é",
        "Odd values"
    );
    error!(level = "x", r#type = "t", float = 1.5, option = ?Some(1), "Taken keys");
}

#[test]
fn go_kit_logfmt() {
    insta::assert_snapshot!(printed(
        Level::Info,
        Format::Logfmt,
        Style::GoKit,
        some_lines
    ));
}

#[test]
fn slog_logfmt() {
    insta::assert_snapshot!(printed(
        Level::Debug,
        Format::Logfmt,
        Style::Slog,
        some_lines
    ));
}

#[test]
fn json() {
    let text = printed(Level::Warn, Format::Json, Style::GoKit, some_lines);
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
    insta::assert_snapshot!(text);
}
#[test]
fn slog_json_has_nanoseconds() {
    let text = printed(Level::Error, Format::Json, Style::Slog, || error!("x"));
    assert!(
        text.starts_with(r#"{"time":"NANOS","level":"ERROR","source":"tests.rs:N","msg":"x"}"#),
        "{text}"
    );
}

#[test]
fn crates_below_are_quiet() {
    let text = printed(Level::Debug, Format::Logfmt, Style::GoKit, || {
        info!(target: "h2::codec", "chatter");
        warn!(target: "h2::codec", "trouble");
        error!(target: "kube_client::client::builder", "told twice");
    });
    assert!(
        !text.contains("chatter") && text.contains("trouble") && !text.contains("told twice"),
        "{text}"
    );
}
