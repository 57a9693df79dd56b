//! Flags as rows of one table: parser, `--help`, README rows, man page and completions come from it.
//!
//! A program lists its flags once, as [`Flag`] values in the order in which the help shows them. Two
//! spellings exist because the replaced programs use two libraries: kingpin (pushgateway, node
//! exporter) and pflag (kube-state-metrics), which also has sub-commands (`flag/command.rs`). Nothing here
//! exits: the caller does what [`Parsed`] says.
//! Of the environment only `COLUMNS` counts, the width of help. Parsing is in `flag/parse.rs`, complaints in
//! `flag/complaint.rs`, help in `flag/help.rs`, README rows, man page and completions in `flag/docs.rs`.

mod argfile;
mod command;
mod complaint;
mod docs;
mod help;
mod parse;
mod setting;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;
use std::fmt;

pub use command::Command;
pub use setting::{Flags, Setting};

/// What a flag takes, and its default.
#[derive(Clone, Debug, PartialEq)]
pub enum Takes {
    /// Nothing: on or off. kingpin: `--x`, `--no-x`; pflag: `--x`, `--x=false`.
    Switch {
        /// Whether it is on unless told otherwise.
        default: bool,
    },
    /// Any text.
    Text {
        /// Its value unless given.
        default: Cow<'static, str>,
    },
    /// Any texts; the flag may be repeated. Given once, it replaces the defaults.
    Texts {
        /// Its values unless given.
        default: &'static [&'static str],
    },
    /// A URL; the empty text is allowed and means none.
    Url {
        /// Its value unless given.
        default: &'static str,
    },
    /// One of a few words.
    Choice {
        /// The words, in the order in which help shows them.
        of: &'static [&'static str],
        /// Its value unless given.
        default: &'static str,
        /// What the words are, for the error message: `log level`. Case does not matter.
        what: &'static str,
    },
    /// A Go duration: `90s`, `1h30m`, `250ms`; kingpin also knows days and weeks: `1d`, `2w`.
    Duration {
        /// Its value unless given.
        default: &'static str,
    },
    /// A whole number.
    Integer {
        /// Its value unless given.
        default: i64,
    },
    /// A number.
    Float {
        /// Its value unless given.
        default: f64,
    },
}

/// One flag: a row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// The long name, without dashes.
    pub name: Cow<'static, str>,
    /// The one-letter name, without dash.
    pub short: Option<char>,
    /// What it takes.
    pub takes: Takes,
    /// What it does: one or more sentences.
    pub help: Cow<'static, str>,
    /// What stands for the value in help: in kingpin's instead of the default, in pflag's instead of the name of the type.
    pub placeholder: Option<&'static str>,
    /// Known to the parser, absent from help and README.
    pub hidden: bool,
}

impl Flag {
    /// A flag with nothing but the needful.
    pub const fn new(name: &'static str, takes: Takes, help: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            short: None,
            takes,
            help: Cow::Borrowed(help),
            placeholder: None,
            hidden: false,
        }
    }

    /// A switch that is off unless given.
    pub const fn switch(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Takes::Switch { default: false }, help)
    }

    /// A text with its default.
    pub const fn text(name: &'static str, default: &'static str, help: &'static str) -> Self {
        Self::new(
            name,
            Takes::Text {
                default: Cow::Borrowed(default),
            },
            help,
        )
    }

    /// A repeatable text with its defaults.
    pub const fn texts(
        name: &'static str,
        default: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self::new(name, Takes::Texts { default }, help)
    }

    /// A duration with its default, in Go's spelling.
    pub const fn duration(name: &'static str, default: &'static str, help: &'static str) -> Self {
        Self::new(name, Takes::Duration { default }, help)
    }

    /// A whole number with its default.
    pub const fn integer(name: &'static str, default: i64, help: &'static str) -> Self {
        Self::new(name, Takes::Integer { default }, help)
    }

    /// The same flag with a one-letter name.
    #[must_use]
    pub const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    /// The same flag with a placeholder.
    #[must_use]
    pub const fn placeholder(mut self, placeholder: &'static str) -> Self {
        self.placeholder = Some(placeholder);
        self
    }

    /// The same flag, hidden from help and README.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }
}

/// How flags are spelled, printed and complained about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spelling {
    /// As `github.com/alecthomas/kingpin/v2`: `--no-flag`, no flag twice, `@file`.
    Kingpin,
    /// As `github.com/spf13/pflag` under cobra: `--flag=false`, the last of several wins.
    Pflag,
}

/// The flags of one program.
///
/// ```
/// use promontory_exporter::flag::{Flag, Parsed, Spelling, Table};
///
/// let table = Table {
///     program: "sleeper",
///     about: "Sleeps.",
///     spelling: Spelling::Kingpin,
///     flags: vec![Flag::duration("sleep", "5m", "How long to sleep.")],
///     commands: vec![],
///     version: "sleeper 1.0".to_owned(),
/// };
/// let Ok(Parsed::Run(flags)) = table.parse(["--sleep=90s".to_owned()]) else { return };
/// assert_eq!(flags.duration("sleep").as_secs(), 90);
/// assert_eq!(flags.shown(), [("sleep".to_owned(), "1m30s".to_owned())]);
///
/// let error = table.parse(["--slepe=1s".to_owned()]).unwrap_err();
/// assert_eq!(error.to_string(), "sleeper: error: unknown long flag '--slepe', try --help");
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    /// The program's name, as it stands in usage and errors.
    pub program: &'static str,
    /// One line on what the program is.
    pub about: &'static str,
    /// How its flags are spelled.
    pub spelling: Spelling,
    /// Its own flags, in help's order; `--help` and `--version` are added around them.
    pub flags: Vec<Flag>,
    /// Its own sub-commands, in pflag's spelling; `completion`, `help` and `version` are added.
    pub commands: Vec<Command>,
    /// What `--version` prints, without a final line break.
    pub version: String,
}

/// What a command line asks for.
#[derive(Clone, Debug)]
pub enum Parsed {
    /// To run with these flags.
    Run(Flags),
    /// To print this text to stdout and exit with 0 (help, version, man page, completions).
    Print(String),
}

/// Why a command line cannot be used; `Display` is the whole line for stderr. Exit with 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UsageError {
    /// The program's name.
    pub program: &'static str,
    /// Whose words to use.
    pub spelling: Spelling,
    /// What is wrong, in the words of the replaced library.
    pub message: String,
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.spelling {
            Spelling::Kingpin => write!(f, "{}: error: {}, try --help", self.program, self.message),
            Spelling::Pflag => write!(f, "Error: {}", self.message),
        }
    }
}

impl std::error::Error for UsageError {}

/// The flags that every program has besides its own, in kingpin's words: `help` opens the list,
/// `version` closes it, the rest is hidden.
static HELP: Flag = Flag::switch(
    "help",
    "Show context-sensitive help (also try --help-long and --help-man).",
)
.short('h');
static VERSION: Flag = Flag::switch("version", "Show application version.");
/// The same in cobra's words; it has a command for the version, and knows no such flag.
static HELP_PFLAG: Flag = Flag::switch("help", "Print Help text").short('h');
static VERSION_PFLAG: Flag = Flag::switch("version", "Print version information.").hidden();
static DERIVED: &[Flag] = &[
    Flag::switch("help-long", "Generate long help.").hidden(),
    Flag::switch("help-man", "Generate a man page.").hidden(),
    Flag::switch("help-markdown", "Generate the table of flags for a README.").hidden(),
    Flag::switch(
        "completion-script-bash",
        "Generate completion script for bash.",
    )
    .hidden(),
    Flag::switch(
        "completion-script-zsh",
        "Generate completion script for ZSH.",
    )
    .hidden(),
    Flag::switch(
        "completion-script-fish",
        "Generate completion script for fish.",
    )
    .hidden(),
];

impl Table {
    /// All flags in help's order, boilerplate included.
    fn rows(&self) -> impl Iterator<Item = &Flag> {
        let (help, version) = match self.spelling {
            Spelling::Kingpin => (&HELP, &VERSION),
            Spelling::Pflag => (&HELP_PFLAG, &VERSION_PFLAG),
        };
        std::iter::once(help)
            .chain(DERIVED)
            .chain(&self.flags)
            .chain(std::iter::once(version))
    }
}
