//! A command line, read by clap as the table tells it, answered in kingpin's or pflag's words.

use clap::builder::Str;
use clap::{Arg, ArgAction, ArgMatches};

use super::value::{bool_of, default, read};
use super::{
    Command, DERIVED, Flag, Flags, Parsed, Setting, Spelling, Table, Takes, UsageError, argfile,
};
use crate::golang;

/// What clap calls the words that are no flags: a sub-command and what follows it.
const WORDS: &str = "COMMAND";

impl Table {
    /// Reads a command line, without the program's own name in front.
    ///
    /// # Errors
    /// What kingpin or pflag would refuse, in their words.
    pub fn parse(&self, args: impl IntoIterator<Item = String>) -> Result<Parsed, UsageError> {
        let error = |message| UsageError {
            program: self.program,
            spelling: self.spelling,
            message,
        };
        let mut args: Vec<String> = args.into_iter().collect();
        if self.spelling == Spelling::Kingpin {
            args = argfile::expand(args).map_err(error)?;
        }
        // Behind `--` there are only arguments, and no program of ours takes any.
        let rest = args
            .iter()
            .position(|arg| arg == "--")
            .map(|at| args.split_off(at))
            .unwrap_or_default();
        let words = (self.spelling == Spelling::Pflag).then(|| Arg::new(WORDS).num_args(0..));
        let matches = self
            .command()
            .args(words)
            .try_get_matches_from(args)
            .map_err(|e| error(self.words(&e)))?;
        if let Some(argument) = rest.get(1) {
            return Err(error(self.unexpected(argument)));
        }
        let words: Vec<String> = match self.spelling {
            Spelling::Kingpin => Vec::new(),
            Spelling::Pflag => matches
                .get_many(WORDS)
                .unwrap_or_default()
                .cloned()
                .collect(),
        };
        let command = words.first().map(|name| (name, self.find_command(name)));
        if let Some(text) = self.printed(
            &matches,
            command.as_ref().and_then(|(_, command)| command.as_ref()),
        ) {
            return Ok(Parsed::Print(text));
        }
        let mut flags = Flags::default();
        for flag in &self.flags {
            let (setting, given) = setting(flag, self.spelling, &matches).map_err(error)?;
            flags
                .settings
                .insert(flag.name.clone().into_owned(), (setting, given));
        }
        match command {
            None => Ok(Parsed::Run(flags)),
            Some((name, None)) => Err(error(self.unexpected(name))),
            Some((_, Some(command))) => {
                let text = (command.print)(self, &flags, &words[1..]);
                text.map(Parsed::Print).map_err(error)
            }
        }
    }

    /// The clap command that the table describes.
    pub(super) fn command(&self) -> clap::Command {
        let pflag = self.spelling == Spelling::Pflag;
        clap::Command::new(self.program)
            .about(self.about)
            .no_binary_name(true)
            .disable_help_flag(true)
            .disable_version_flag(true)
            .args_override_self(pflag)
            .args(self.rows().flat_map(|flag| arguments(flag, self.spelling)))
            // Asking twice for help is asking for help.
            .mut_arg("help", |arg| arg.overrides_with("help"))
            .mut_arg("version", |arg| arg.overrides_with("version"))
    }

    /// What to print instead of running, if a flag asks for it.
    fn printed(&self, matches: &ArgMatches, command: Option<&Command>) -> Option<String> {
        let asked = |name: &str| setting_of_switch(name, self.spelling, matches);
        if asked("version") {
            return Some(format!("{}\n", self.version));
        }
        if asked("help") || asked("help-long") {
            return Some(command.map_or_else(|| self.help(width()), |command| command.help(self)));
        }
        let name = DERIVED.iter().find(|flag| asked(&flag.name))?;
        Some(match &*name.name {
            "help-man" => self.man(),
            "help-markdown" => self.markdown(),
            script => self.completions(script),
        })
    }
}

/// What clap must know of a flag; a kingpin switch is two arguments, `--x` and `--no-x`.
fn arguments(flag: &Flag, spelling: Spelling) -> Vec<Arg> {
    let name = || Str::from(flag.name.clone().into_owned());
    let pflag = spelling == Spelling::Pflag;
    let arg = Arg::new(name())
        .long(name())
        .short(flag.short)
        .help(flag.help.clone().into_owned())
        .hide(flag.hidden);
    match (&flag.takes, spelling) {
        (Takes::Switch { .. }, Spelling::Kingpin) => {
            let no = format!("no-{}", flag.name);
            vec![
                arg.action(ArgAction::SetTrue),
                Arg::new(&no).long(no).action(ArgAction::SetTrue).hide(true),
            ]
        }
        (Takes::Switch { .. }, Spelling::Pflag) => {
            vec![
                arg.action(ArgAction::Set)
                    .num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("true")
                    .hide_possible_values(true),
            ]
        }
        // pflag takes the next argument, whatever it looks like.
        (Takes::Texts { .. }, _) => {
            vec![arg.action(ArgAction::Append).allow_hyphen_values(pflag)]
        }
        _ => vec![arg.action(ArgAction::Set).allow_hyphen_values(pflag)],
    }
}

/// A flag's value, and whether the command line gave it.
fn setting(
    flag: &Flag,
    spelling: Spelling,
    matches: &ArgMatches,
) -> Result<(Setting, bool), String> {
    if let (Takes::Switch { default }, Spelling::Kingpin) = (&flag.takes, spelling) {
        let (on, off) = (
            matches.get_flag(&flag.name),
            matches.get_flag(&format!("no-{}", flag.name)),
        );
        return match (on, off) {
            (true, true) => Err(format!("flag '{}' cannot be repeated", flag.name)),
            (false, false) => Ok((Setting::Switch(*default), false)),
            _ => Ok((Setting::Switch(on), true)),
        };
    }
    let given: Vec<String> = matches
        .get_many::<String>(&flag.name)
        .map(|values| values.cloned().collect())
        .unwrap_or_default();
    if given.is_empty() {
        return Ok((default(&flag.takes)?, false));
    }
    let last = given.last().cloned().unwrap_or_default();
    let read = match &flag.takes {
        Takes::Texts { .. } => Ok(Setting::Texts(texts(given, spelling))),
        takes => read(takes, &last, spelling),
    };
    match (read, spelling) {
        (Ok(setting), _) => Ok((setting, true)),
        (Err(message), Spelling::Kingpin) => Err(message),
        (Err(message), Spelling::Pflag) => {
            let short = flag
                .short
                .map(|letter| format!("-{letter}, "))
                .unwrap_or_default();
            Err(format!(
                "invalid argument {} for \"{short}--{}\" flag: {message}",
                golang::quote(&last),
                flag.name
            ))
        }
    }
}

/// The texts of a repeatable flag; pflag also takes several at once, between commas.
fn texts(given: Vec<String>, spelling: Spelling) -> Vec<String> {
    match spelling {
        Spelling::Kingpin => given,
        Spelling::Pflag => given
            .iter()
            .flat_map(|text| text.split(','))
            .map(str::to_owned)
            .collect(),
    }
}

/// Whether a boilerplate switch is on.
fn setting_of_switch(name: &str, spelling: Spelling, matches: &ArgMatches) -> bool {
    match spelling {
        Spelling::Kingpin => matches.get_flag(name),
        Spelling::Pflag => matches
            .get_one::<String>(name)
            .is_some_and(|value| bool_of(value).unwrap_or(false)),
    }
}

/// The width of help: `COLUMNS` where it is set, else 80.
fn width() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .unwrap_or(80)
}
