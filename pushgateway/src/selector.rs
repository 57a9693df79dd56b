//! Selectors of series as Prometheus writes them: `name{a="b",c!="d",e=~"re",f!~"re"}`. Pure.
//!
//! A label that a series lacks is empty, and expressions match whole values. Whoever asks narrows the selectors by
//! what is known: the labels of a group, then the name of a family, then the labels of a series; most groups are ruled out, and
//! many taken whole, before anything of them is read. `parse` reads one selector.

use regex::Regex;

use crate::group::GroupingKey;

mod found;
mod parse;
mod quoted;
#[cfg(test)]
mod tests;

pub use found::Found;

/// The label that stands for the name of a series.
const NAME: &str = "__name__";
/// Bytes of one selector.
const BYTES_MAX: usize = 8 << 10;
/// Matchers of all selectors of a request together.
const MATCHERS_MAX: usize = 64;

/// Why a text is no selector. Positions count characters from 1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SelectorError {
    /// What stands there does not belong there.
    #[error("selector {selector:?}, character {at}: {reason}")]
    Text {
        /// The selector.
        selector: String,
        /// Where it goes wrong.
        at: usize,
        /// What is wrong there.
        reason: String,
    },
    /// It would match a series without any label, so nearly everything: surely a slip.
    #[error("selector {selector:?}: it must have a matcher that does not match the empty text")]
    TakesEmpty {
        /// The selector.
        selector: String,
    },
    /// It is too long.
    #[error("a selector has {bytes} bytes, more than {BYTES_MAX}")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// There are too many matchers.
    #[error("the selectors have more than {MATCHERS_MAX} matchers together")]
    TooMany,
}

/// Some selectors; they take what any of them takes.
#[derive(Debug, Default)]
pub struct Selectors(Vec<Vec<Matcher>>);

/// A condition on the value of one label.
#[derive(Debug)]
struct Matcher {
    label: String,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Equals(String),
    EqualsNot(String),
    /// Anchored at both ends.
    Matches(Regex),
    MatchesNot(Regex),
}

impl Matcher {
    fn takes(&self, value: &str) -> bool {
        match &self.test {
            Test::Equals(expected) => value == expected,
            Test::EqualsNot(unwanted) => value != unwanted,
            Test::Matches(expression) => expression.is_match(value),
            Test::MatchesNot(expression) => !expression.is_match(value),
        }
    }
}

impl Selectors {
    /// Reads selectors, one a text.
    ///
    /// # Errors
    /// The first one that is none, or too much.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, SelectorError> {
        let mut selectors = Vec::new();
        let mut left = MATCHERS_MAX;
        for text in texts {
            if text.len() > BYTES_MAX {
                return Err(SelectorError::TooLong { bytes: text.len() });
            }
            let matchers = parse::parse(text, left)?;
            left -= matchers.len();
            selectors.push(matchers);
        }
        Ok(Self(selectors))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them asks for the name of a series, which groups have not.
    pub fn ask_for_name(&self) -> bool {
        self.0.iter().flatten().any(|matcher| matcher.label == NAME)
    }

    /// The labels that need not be there: those of matchers that take the empty text.
    fn optional(&self) -> impl Iterator<Item = &str> {
        let matchers = self.0.iter().flatten();
        let optional = matchers.filter(|matcher| matcher.takes(""));
        optional.map(|matcher| &*matcher.label)
    }

    /// Whether one of them takes a group by the labels it is known by.
    pub(crate) fn take_group(&self, key: &GroupingKey) -> bool {
        let value = |label: &str| Some(key.get(label).unwrap_or_default());
        !self.open().narrow(value).is_empty()
    }

    /// What is left to ask about the families of a group. Its labels are those of all its series.
    pub(crate) fn in_group(&self, key: &GroupingKey) -> Open<'_> {
        self.open().narrow(|label| key.get(label))
    }

    fn open(&self) -> Open<'_> {
        Open(
            self.0
                .iter()
                .map(|matchers| matchers.iter().collect())
                .collect(),
        )
    }
}

/// Selectors that may still take something, each with the matchers that are not yet decided.
#[derive(Debug)]
pub(crate) struct Open<'s>(Vec<Vec<&'s Matcher>>);

impl<'s> Open<'s> {
    /// Without what a family's name decides.
    pub(crate) fn in_family(&self, name: &str) -> Self {
        self.narrow(|label| (label == NAME).then_some(name))
    }

    /// Decides the matchers of labels whose value is known.
    fn narrow<'v>(&self, known: impl Fn(&str) -> Option<&'v str>) -> Self {
        let undecided = |matchers: &Vec<&'s Matcher>| {
            let mut left = Vec::new();
            for matcher in matchers {
                match known(&matcher.label) {
                    Some(value) if matcher.takes(value) => {}
                    Some(_) => return None,
                    None => left.push(*matcher),
                }
            }
            Some(left)
        };
        Self(self.0.iter().filter_map(undecided).collect())
    }

    /// Whether nothing can be taken any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything is taken, whatever else is asked.
    pub(crate) fn takes_all(&self) -> bool {
        self.0.iter().any(Vec::is_empty)
    }

    /// Whether a series with these labels is taken.
    pub(crate) fn takes(&self, labels: &[promontory_exposition::Label<'_>]) -> bool {
        let value = |name: &str| {
            let label = labels.iter().find(|label| label.name == name);
            label.map_or("", |label| &label.value)
        };
        let all = |matchers: &Vec<&Matcher>| {
            let mut matchers = matchers.iter();
            matchers.all(|matcher| matcher.takes(value(&matcher.label)))
        };
        self.0.iter().any(all)
    }
}
