//! What the table prints besides help: README rows, man page, completions.

use clap_complete::Shell;

use super::{Flag, Spelling, Table, Takes};
use crate::golang;

impl Table {
    /// The flags as a Markdown table for a README.
    pub fn markdown(&self) -> String {
        let mut out = "| Flag | Default | What it does |\n| --- | --- | --- |\n".to_owned();
        for flag in self.rows().filter(|flag| !flag.hidden) {
            let short = flag
                .short
                .map(|letter| format!("`-{letter}`, "))
                .unwrap_or_default();
            let boilerplate = !self.flags.iter().any(|own| own.name == flag.name);
            let default = match default(flag) {
                shown if shown.is_empty() || boilerplate => String::new(),
                shown => format!("`{}`", cell(&shown)),
            };
            out.push_str(&format!(
                "| {short}`--{}` | {default} | {} |\n",
                flag.name,
                cell(&flag.help)
            ));
        }
        out
    }

    /// A man page (roff).
    pub fn man(&self) -> String {
        let mut out = Vec::new();
        let command =
            self.flags
                .iter()
                .filter(|flag| !flag.hidden)
                .fold(self.command(), |command, flag| {
                    let shown = default(flag);
                    command.mut_arg(&*flag.name, |arg| match &flag.takes {
                        Takes::Switch { .. } => arg,
                        // clap_mangen prints defaults; the parser must not know them, it tells given from not.
                        _ if shown.is_empty() => arg.value_name("VALUE"),
                        _ => arg.value_name("VALUE").default_value(shown),
                    })
                });
        let rendered = clap_mangen::Man::new(command).render(&mut out);
        rendered.expect("a vector takes every write");
        String::from_utf8_lossy(&out).into_owned()
    }

    /// A completion script; `script` is the shell, or the name of the flag that asks for it.
    pub fn completions(&self, script: &str) -> String {
        let shell = match script.rsplit('-').next() {
            Some("zsh") => Shell::Zsh,
            Some("fish") => Shell::Fish,
            _ => Shell::Bash,
        };
        let mut out = Vec::new();
        let mut command = self.command();
        if self.spelling == Spelling::Pflag {
            let commands = self.all_commands().into_iter();
            command = command.disable_help_subcommand(true).subcommands(
                commands.map(|row| clap::Command::new(row.name).about(row.help.into_owned())),
            );
        }
        clap_complete::generate(shell, &mut command, self.program, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// A flag's default as one would type it.
fn default(flag: &Flag) -> String {
    match &flag.takes {
        Takes::Switch { default } => if *default { "on" } else { "off" }.to_owned(),
        Takes::Text { default } => default.clone().into_owned(),
        Takes::Texts { default } => default.join(", "),
        Takes::Url { default } | Takes::Choice { default, .. } => (*default).to_owned(),
        Takes::Duration { default } => golang::parse_duration(default)
            .map(|_| (*default).to_owned())
            .unwrap_or_default(),
        Takes::Integer { default } => default.to_string(),
        Takes::Float { default } => default.to_string(),
    }
}

/// Text that cannot end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
