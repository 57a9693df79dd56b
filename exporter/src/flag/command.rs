//! Sub-commands: words that print something instead of running. Only pflag's spelling has them.

use std::borrow::Cow;

use super::{Flags, Table};
use crate::golang;

/// A sub-command: a row of the table beside the flags. It takes the flags of the program, before or behind its name.
#[derive(Clone, Debug)]
pub struct Command {
    /// The word that asks for it.
    pub name: &'static str,
    /// What follows the name, for its own help: `[bash|zsh|fish]`.
    pub arguments: &'static str,
    /// One line on what it prints.
    pub help: Cow<'static, str>,
    /// Makes what is printed; the texts are the words behind the name. An error is a sentence for stderr.
    pub print: fn(&Table, &Flags, &[String]) -> Result<String, String>,
}

impl Table {
    /// All sub-commands by name.
    pub(super) fn all_commands(&self) -> Vec<Command> {
        let mut commands = self.commands.clone();
        commands.extend(self.derived_commands());
        commands.sort_by_key(|command| command.name);
        commands
    }

    pub(super) fn find_command(&self, name: &str) -> Option<Command> {
        let mut commands = self.all_commands().into_iter();
        commands.find(|command| command.name == name)
    }

    /// The commands that every program has besides its own, in cobra's words.
    fn derived_commands(&self) -> [Command; 3] {
        let row = |name, arguments, help: &str, print| Command {
            name,
            arguments,
            help: help.to_owned().into(),
            print,
        };
        [
            row(
                "completion",
                "[bash|zsh|fish]",
                &format!("Generate completion script for {}.", self.program),
                completion,
            ),
            row(
                "help",
                "[command]",
                "Help about any command",
                |table, _, words| {
                    let named = words.first().and_then(|word| table.find_command(word));
                    Ok(named.map_or_else(|| table.help_pflag(), |command| command.help(table)))
                },
            ),
            row(
                "version",
                "[flags]",
                "Print version information.",
                |table, _, _| Ok(format!("{}\n", table.version)),
            ),
        ]
    }
}

impl Command {
    /// What `NAME --help` prints, laid out by cobra's template.
    pub(super) fn help(&self, table: &Table) -> String {
        let Self {
            name,
            arguments,
            help,
            ..
        } = self;
        format!(
            "{help}\n\nUsage:\n  {} {name} {arguments}\n\nFlags:\n  -h, --help   help for {name}\n",
            table.program
        )
    }
}

fn completion(table: &Table, _: &Flags, words: &[String]) -> Result<String, String> {
    match words {
        [shell] if ["bash", "zsh", "fish"].contains(&&**shell) => Ok(table.completions(shell)),
        [shell] => Err(format!(
            "unsupported shell {}: bash, zsh or fish",
            golang::quote(shell)
        )),
        words => Err(format!("accepts 1 arg(s), received {}", words.len())),
    }
}
