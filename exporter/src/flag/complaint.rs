//! What is wrong with a command line, in the words of the replaced library.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Spelling, Table};
use crate::golang;

impl Table {
    /// The complaint about an argument that is no flag.
    pub(super) fn unexpected(&self, argument: &str) -> String {
        match self.spelling {
            Spelling::Kingpin => format!("unexpected {argument}"),
            Spelling::Pflag => format!(
                "unknown command {} for {}",
                golang::quote(argument),
                golang::quote(self.program)
            ),
        }
    }

    /// clap's complaint in the words of the replaced library.
    pub(super) fn words(&self, error: &clap::Error) -> String {
        let context = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => text.as_str(),
            _ => "",
        };
        // clap shows an argument as `--log.level <log.level>`.
        let argument = context(ContextKind::InvalidArg);
        let argument = argument.split([' ', '=', '[']).next().unwrap_or_default();
        let value = context(ContextKind::InvalidValue);
        let name = argument.trim_start_matches('-');
        let (long, short) = (argument.starts_with("--"), argument.starts_with('-'));
        match (self.spelling, error.kind()) {
            (_, ErrorKind::UnknownArgument) if !short => self.unexpected(argument),
            (Spelling::Kingpin, ErrorKind::UnknownArgument) if long => {
                format!("unknown long flag '{argument}'")
            }
            (Spelling::Kingpin, ErrorKind::UnknownArgument) => {
                format!("unknown short flag '{argument}'")
            }
            (Spelling::Kingpin, ErrorKind::TooManyValues) => self.unexpected(value),
            (Spelling::Kingpin, ErrorKind::ArgumentConflict) => {
                format!("flag '{name}' cannot be repeated")
            }
            (Spelling::Kingpin, ErrorKind::InvalidValue) => {
                format!("expected argument for flag '{argument}'")
            }
            (Spelling::Pflag, ErrorKind::UnknownArgument) if long => {
                format!("unknown flag: {argument}")
            }
            (Spelling::Pflag, ErrorKind::UnknownArgument) => {
                format!("unknown shorthand flag: '{name}' in -{name}")
            }
            (Spelling::Pflag, ErrorKind::InvalidValue) => {
                format!("flag needs an argument: {argument}")
            }
            _ => error
                .to_string()
                .trim()
                .trim_start_matches("error: ")
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    }
}
