//! The values of flags, as a program asks for them and as status pages show them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::golang;

/// A value, given or default.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// Of [`Takes::Switch`](super::Takes::Switch).
    Switch(bool),
    /// Of [`Takes::Text`](super::Takes::Text), [`Takes::Url`](super::Takes::Url) and [`Takes::Choice`](super::Takes::Choice).
    Text(String),
    /// Of [`Takes::Texts`](super::Takes::Texts).
    Texts(Vec<String>),
    /// Of [`Takes::Duration`](super::Takes::Duration); negative durations are refused.
    Duration(Duration),
    /// Of [`Takes::Integer`](super::Takes::Integer).
    Integer(i64),
    /// Of [`Takes::Float`](super::Takes::Float).
    Float(f64),
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(on) => write!(f, "{on}"),
            Self::Text(text) => f.write_str(text),
            Self::Texts(texts) => f.write_str(&texts.join(",")),
            Self::Duration(value) => f.write_str(&golang::duration(*value)),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
        }
    }
}

/// The values of all flags of a table.
///
/// The accessors are named for what a flag takes; asked for a flag of another kind they give its zero.
/// A name that is not in the table is a mistake of the program and panics: every program has a test
/// that starts it.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub(super) settings: BTreeMap<String, (Setting, bool)>,
}

impl Flags {
    /// Whether a switch is on.
    pub fn on(&self, name: &str) -> bool {
        matches!(self.setting(name), Setting::Switch(true))
    }

    /// A text, URL or choice.
    pub fn text(&self, name: &str) -> &str {
        match self.setting(name) {
            Setting::Text(text) => text,
            _ => "",
        }
    }

    /// The texts of a repeatable flag.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.setting(name) {
            Setting::Texts(texts) => texts,
            _ => &[],
        }
    }

    /// A duration.
    pub fn duration(&self, name: &str) -> Duration {
        match self.setting(name) {
            Setting::Duration(duration) => *duration,
            _ => Duration::ZERO,
        }
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> i64 {
        match self.setting(name) {
            Setting::Integer(integer) => *integer,
            _ => 0,
        }
    }

    /// A number.
    pub fn float(&self, name: &str) -> f64 {
        match self.setting(name) {
            Setting::Float(float) => *float,
            _ => 0.0,
        }
    }

    /// Whether the command line named the flag.
    pub fn given(&self, name: &str) -> bool {
        self.settings.get(name).is_some_and(|(_, given)| *given)
    }

    /// Every flag of the table but the boilerplate (`help`, `version`, …), by name, with its value as
    /// Go shows it: durations normalised (`90s` is `1m30s`), repeated texts joined by commas.
    pub fn shown(&self) -> Vec<(String, String)> {
        self.settings
            .iter()
            .map(|(name, (setting, _))| (name.clone(), setting.to_string()))
            .collect()
    }

    fn setting(&self, name: &str) -> &Setting {
        &self
            .settings
            .get(name)
            .expect("a program asks for flags of its own table")
            .0
    }
}
