//! `--help` as kingpin and as pflag lay it out.

use super::{Flag, Spelling, Table, Takes};
use crate::golang;

/// kingpin's first column never grows past this; a longer flag pushes its text to the next line.
const COLUMN_MAX: usize = 30;
/// cobra's column of commands is never narrower.
const COMMAND_COLUMN_MIN: usize = 11;

impl Table {
    /// What `--help` prints, wrapped to `width` columns (pflag does not wrap).
    pub fn help(&self, width: usize) -> String {
        match self.spelling {
            Spelling::Kingpin => self.help_kingpin(width),
            Spelling::Pflag => self.help_pflag(),
        }
    }

    fn help_kingpin(&self, width: usize) -> String {
        let rows: Vec<(String, &str)> = self
            .rows()
            .filter(|flag| !flag.hidden)
            .map(|flag| (column_kingpin(flag), &*flag.help))
            .collect();
        let column = rows
            .iter()
            .map(|(left, _)| left.len())
            .filter(|length| *length < COLUMN_MAX)
            .max()
            .unwrap_or(0);
        let text_width = width.saturating_sub(column + 4).max(10);
        let mut out = format!(
            "usage: {} [<flags>]\n\n{}\n\n\nFlags:\n",
            self.program, self.about
        );
        for (left, help) in rows {
            let padding = " ".repeat(column.saturating_sub(left.len()));
            out.push_str(&format!("  {left}{padding}  "));
            if left.len() >= COLUMN_MAX {
                out.push_str(&format!("\n  {}", " ".repeat(column + 2)));
            }
            let lines = wrap(help, text_width).join(&format!("\n  {}", " ".repeat(column + 2)));
            out.push_str(&lines);
            out.push('\n');
        }
        out.push('\n');
        out
    }

    pub(super) fn help_pflag(&self) -> String {
        let mut flags: Vec<&Flag> = self.rows().filter(|flag| !flag.hidden).collect();
        flags.sort_by_key(|flag| flag.name.as_ref());
        let rows: Vec<(String, String)> = flags.into_iter().map(columns_pflag).collect();
        let column = rows.iter().map(|(left, _)| left.len()).max().unwrap_or(0);
        let (about, program) = (self.about, self.program);
        let mut out = format!(
            "{about}\n\nUsage:\n  {program} [flags]\n  {program} [command]\n\nAvailable Commands:\n"
        );
        let commands = self.all_commands();
        let names = commands.iter().map(|command| command.name.len());
        let width = names.max().unwrap_or(0).max(COMMAND_COLUMN_MIN);
        for command in commands {
            out.push_str(&format!("  {:width$} {}\n", command.name, command.help));
        }
        out.push_str("\nFlags:\n");
        for (left, help) in rows {
            out.push_str(&format!("{left:column$}   {help}\n"));
        }
        out.push_str(&format!(
            "\nUse \"{program} [command] --help\" for more information about a command.\n"
        ));
        out
    }
}

/// `-h, --[no-]help`, `    --web.listen-address=:9091 ...`.
fn column_kingpin(flag: &Flag) -> String {
    let short = flag
        .short
        .map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
    match &flag.takes {
        Takes::Switch { .. } => format!("{short}--[no-]{}", flag.name),
        takes => {
            let dots = if matches!(takes, Takes::Texts { .. }) {
                " ..."
            } else {
                ""
            };
            format!("{short}--{}={}{dots}", flag.name, placeholder(flag))
        }
    }
}

/// What stands for the value in kingpin's help: the placeholder, else the default.
fn placeholder(flag: &Flag) -> String {
    if let Some(placeholder) = flag.placeholder {
        return placeholder.to_owned();
    }
    match &flag.takes {
        Takes::Switch { .. } => String::new(),
        Takes::Text { default } => golang::quote(default),
        Takes::Texts { default } => match default {
            [] => flag.name.to_uppercase(),
            [only] => (*only).to_owned(),
            [first, ..] => format!("{first}..."),
        },
        Takes::Url { default } | Takes::Choice { default, .. } | Takes::Duration { default } => {
            (*default).to_owned()
        }
        Takes::Integer { default } => default.to_string(),
        Takes::Float { default } => default.to_string(),
    }
}

/// pflag's two columns: the flag with the name of its type, the help with its default.
fn columns_pflag(flag: &Flag) -> (String, String) {
    let short = flag
        .short
        .map_or_else(|| "      ".to_owned(), |letter| format!("  -{letter}, "));
    let (kind, default) = type_and_default_pflag(&flag.takes);
    // A type that is not pflag's own shows its values bare.
    let quoted = kind == "string" && flag.placeholder.is_none_or(|kind| kind == "string");
    let kind = flag.placeholder.unwrap_or(kind);
    let space = if kind.is_empty() { "" } else { " " };
    let default = match default {
        Some(default) if quoted => format!(" (default {})", golang::quote(&default)),
        Some(default) => format!(" (default {default})"),
        None => String::new(),
    };
    (
        format!("{short}--{}{space}{kind}", flag.name),
        format!("{}{default}", flag.help),
    )
}

/// The name of a type in pflag's help, and a default worth showing.
fn type_and_default_pflag(takes: &Takes) -> (&'static str, Option<String>) {
    match takes {
        Takes::Switch { default } => ("", default.then(|| "true".to_owned())),
        Takes::Text { default } => (
            "string",
            Some(default.clone().into_owned()).filter(|text| !text.is_empty()),
        ),
        Takes::Url { default } | Takes::Choice { default, .. } => (
            "string",
            Some((*default).to_owned()).filter(|text| !text.is_empty()),
        ),
        Takes::Texts { default } => (
            "strings",
            Some(default)
                .filter(|texts| !texts.is_empty())
                .map(|texts| format!("[{}]", texts.join(","))),
        ),
        Takes::Duration { default } => {
            let shown = golang::parse_duration(default)
                .map(golang::duration)
                .unwrap_or_default();
            ("duration", Some(shown).filter(|shown| shown != "0s"))
        }
        Takes::Integer { default } => (
            "int",
            Some(default)
                .filter(|value| **value != 0)
                .map(ToString::to_string),
        ),
        Takes::Float { default } => (
            "float",
            Some(default)
                .filter(|value| **value != 0.0)
                .map(ToString::to_string),
        ),
    }
}

/// Breaks a text into lines of at most `width` characters where words allow it, as go/doc does for
/// kingpin: the lines are as even as can be, and rather end after punctuation.
///
/// The cost of a line is the square of the space left on it, and 64 more if it does not end in one of
/// `.,:;`; the last line is free. Lines too long come first: as few, and as little too long, as can be.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let lengths: Vec<usize> = words.iter().map(|word| word.chars().count()).collect();
    // best[i]: the cost of laying out words[i..], and where the next line begins.
    let mut best = vec![((0, 0), words.len()); words.len() + 1];
    for from in (0..words.len()).rev() {
        let mut length = 0;
        let mut chosen = ((usize::MAX, usize::MAX), words.len());
        for to in from..words.len() {
            length += lengths[to] + usize::from(to > from);
            if length > width && to > from && chosen.0.0 != usize::MAX {
                break;
            }
            let (rest, _) = best[to + 1];
            let penalty = if words[to].ends_with(['.', ',', ':', ';']) {
                0
            } else {
                64
            };
            let cost = match length > width {
                true => ((length - width).pow(2), penalty),
                false if to + 1 == words.len() => (0, 0),
                false => (0, (width - length).pow(2) + penalty),
            };
            let total = (cost.0 + rest.0, cost.1 + rest.1);
            if total < chosen.0 {
                chosen = (total, to + 1);
            }
        }
        best[from] = chosen;
    }
    let mut lines = Vec::new();
    let mut from = 0;
    while from < words.len() {
        let to = best[from].1;
        lines.push(words[from..to].join(" "));
        from = to;
    }
    if lines.is_empty() {
        vec![String::new()]
    } else {
        lines
    }
}
