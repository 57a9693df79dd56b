//! One event as one line of logfmt or JSON.

use std::fmt::{Debug, Write};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

use super::{Format, Settings, Style};
use crate::golang;

/// A line with its final line break.
pub(super) fn line(settings: Settings, now: Timestamp, event: &Event<'_>) -> String {
    let mut message = Message::default();
    event.record(&mut message);
    let metadata = event.metadata();
    let mut line = Line {
        format: settings.format,
        style: settings.style,
        text: String::with_capacity(256),
    };
    if line.format == Format::Json {
        line.text.push('{');
    }
    let (time, level, source) = line.style.keys();
    line.string(time, &time_of(now, settings));
    line.string(level, &level_of(metadata, line.style));
    line.string(source, &source_of(metadata));
    line.string("msg", &message.0);
    event.record(&mut line);
    if line.format == Format::Json {
        line.text.push('}');
    }
    line.text.push('\n');
    line.text
}

impl Style {
    /// The keys of time, level and place; fields of these names are renamed.
    fn keys(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Slog => ("time", "level", "source"),
            Self::GoKit => ("ts", "level", "caller"),
        }
    }
}

/// RFC 3339 with milliseconds; slog's JSON has nanoseconds without trailing zeros.
fn time_of(now: Timestamp, settings: Settings) -> String {
    match (settings.style, settings.format) {
        (Style::Slog, Format::Json) => format!("{now}"),
        _ => format!("{now:.3}"),
    }
}

fn level_of(metadata: &Metadata<'_>, style: Style) -> String {
    match (*metadata.level(), style) {
        // Go knows no level below debug.
        (tracing::Level::TRACE | tracing::Level::DEBUG, Style::Slog) => "DEBUG".to_owned(),
        (tracing::Level::TRACE | tracing::Level::DEBUG, Style::GoKit) => "debug".to_owned(),
        (level, Style::Slog) => level.to_string(),
        (level, Style::GoKit) => level.to_string().to_lowercase(),
    }
}

/// `file.rs:12`, without folders.
fn source_of(metadata: &Metadata<'_>) -> String {
    let file = metadata
        .file()
        .unwrap_or("unknown")
        .rsplit('/')
        .next()
        .unwrap_or_default();
    format!("{file}:{}", metadata.line().unwrap_or(0))
}

/// The message among the fields of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// A line being written; as a visitor it takes all fields but the message.
struct Line {
    format: Format,
    style: Style,
    text: String,
}

impl Line {
    /// Writes a key, renamed where it would appear twice, and what stands between key and value.
    fn key(&mut self, key: &str) {
        let separator = match self.format {
            Format::Logfmt if !self.text.is_empty() => " ",
            Format::Json if self.text.len() > 1 => ",",
            _ => "",
        };
        self.text.push_str(separator);
        match self.format {
            Format::Logfmt => self.word(key),
            Format::Json => self.json(key),
        }
        self.text.push(if self.format == Format::Json {
            ':'
        } else {
            '='
        });
    }

    /// A key of ours with its value.
    fn string(&mut self, key: &str, value: &str) {
        self.key(key);
        match self.format {
            Format::Logfmt => self.word(value),
            Format::Json => self.json(value),
        }
    }

    /// A field of the event with its value; `bare` values are numbers and booleans.
    fn field(&mut self, field: &Field, value: &str, bare: bool) {
        let name = field.name().strip_prefix("r#").unwrap_or(field.name());
        let (time, level, source) = self.style.keys();
        if field.name() == "message" {
            return;
        }
        let renamed = [time, level, source]
            .contains(&name)
            .then(|| format!("logged_{name}"));
        let name = renamed.as_deref().unwrap_or(name);
        if bare {
            self.key(name);
            self.text.push_str(value);
        } else {
            self.string(name, value);
        }
    }

    /// A logfmt word, quoted where slog quotes.
    fn word(&mut self, word: &str) {
        let quoted = |c: char| {
            matches!(c, ' ' | '"' | '=')
                || c < ' '
                || (!c.is_ascii() && (c.is_whitespace() || !golang::printable(c)))
        };
        if word.is_empty() || word.contains(quoted) {
            self.text.push_str(&golang::quote(word));
        } else {
            self.text.push_str(word);
        }
    }

    fn json(&mut self, text: &str) {
        // Encoding a string cannot fail; a field lost would be better than a line lost anyway.
        self.text
            .push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.field(field, &text, false);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, value, false);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.field(field, &value.to_string(), false);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, &value.to_string(), true);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, &value.to_string(), true);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for these; Go prints them as strings.
        self.field(field, &value.to_string(), value.is_finite());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, if value { "true" } else { "false" }, true);
    }
}
