//! `--metric-allowlist`, `--metric-denylist`, `--metric-opt-in-list`: which families are shown.
//!
//! Entries are ECMAScript expressions, look-around included, and match anywhere in a name: `kube_pod` means every
//! family with that in it. Both lists of upstream are such, also the opt-in list, which there has Go's expressions.

use anyhow::{Context as _, bail};
use fancy_regex::Regex;
use promontory_exporter::flag::Flags;

use super::list::list;
use crate::resource::{About, Row};

/// The lists.
pub(super) struct Metrics {
    listed: Vec<Pattern>,
    /// Whether the list says what is shown rather than what is not.
    allow: bool,
    opt_in: Vec<Pattern>,
}

/// One entry, and the flag it stands in.
struct Pattern {
    flag: &'static str,
    regex: Regex,
}

impl Metrics {
    /// Reads the lists.
    ///
    /// # Errors
    /// An entry is no expression, or there are both an allowlist and a denylist.
    pub(super) fn new(flags: &Flags) -> anyhow::Result<Self> {
        let allowed = patterns(flags, "metric-allowlist", "--metric-allowlist")?;
        let denied = patterns(flags, "metric-denylist", "--metric-denylist")?;
        if !allowed.is_empty() && !denied.is_empty() {
            bail!(
                "--metric-allowlist and --metric-denylist are both set, they are mutually exclusive, only one of them can be set"
            );
        }
        let allow = !allowed.is_empty();
        Ok(Self {
            listed: if allow { allowed } else { denied },
            allow,
            opt_in: patterns(flags, "metric-opt-in-list", "--metric-opt-in-list")?,
        })
    }

    /// The places of the families of a resource that are shown.
    ///
    /// # Errors
    /// An expression takes too long.
    pub(super) fn families(&self, row: &Row) -> anyhow::Result<Vec<usize>> {
        let mut shown = Vec::new();
        for (at, about) in (row.families)().iter().enumerate() {
            if self.shows(about)? {
                shown.push(at);
            }
        }
        Ok(shown)
    }

    fn shows(&self, about: &About) -> anyhow::Result<bool> {
        if any(&self.listed, about.name)? != self.allow {
            return Ok(false);
        }
        Ok(!about.opt_in || any(&self.opt_in, about.name)?)
    }

    /// The entries that match no family of these resources, and their flags.
    ///
    /// # Errors
    /// An expression takes too long.
    pub(super) fn idle(&self, rows: &[&Row]) -> anyhow::Result<Vec<(&'static str, &str)>> {
        let names: Vec<&str> = rows
            .iter()
            .flat_map(|row| (row.families)())
            .map(|about| about.name)
            .collect();
        let mut idle = Vec::new();
        for pattern in self.listed.iter().chain(&self.opt_in) {
            let mut matches = false;
            for name in &names {
                matches = matches || pattern.matches(name)?;
            }
            if !matches {
                idle.push((pattern.flag, pattern.regex.as_str()));
            }
        }
        Ok(idle)
    }
}

impl Pattern {
    fn matches(&self, name: &str) -> anyhow::Result<bool> {
        let matched = self.regex.is_match(name);
        matched.with_context(|| format!("{}: `{}` on {name}", self.flag, self.regex.as_str()))
    }
}

fn any(patterns: &[Pattern], name: &str) -> anyhow::Result<bool> {
    for pattern in patterns {
        if pattern.matches(name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn patterns(flags: &Flags, name: &str, flag: &'static str) -> anyhow::Result<Vec<Pattern>> {
    let entries = list(flags, name).into_iter();
    entries
        .map(|entry| {
            let regex = Regex::new(entry).with_context(|| format!("{flag}: `{entry}`"))?;
            Ok(Pattern { flag, regex })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use promontory_exporter::flag::Parsed;
    use promontory_exposition::Kind;

    use super::*;
    use crate::resource::TABLE;

    fn about(name: &'static str, opt_in: bool) -> About {
        About {
            name,
            help: "Help.",
            kind: Kind::Gauge,
            stable: true,
            opt_in,
        }
    }

    const ROW: Row = Row {
        families: || {
            vec![
                about("kube_x_info", false),
                about("kube_x_selectors", true),
                about("kube_x_attributes", true),
            ]
        },
        ..TABLE[0]
    };

    fn metrics(args: &[&str]) -> Metrics {
        let args = args.iter().map(|arg| (*arg).to_owned());
        let Ok(Parsed::Run(flags)) = crate::flags::program().table().parse(args) else {
            panic!("these flags are good")
        };
        Metrics::new(&flags).unwrap()
    }

    fn shown(args: &[&str]) -> Vec<usize> {
        metrics(args).families(&ROW).unwrap()
    }

    #[test]
    fn families_on_demand_must_be_named_and_not_be_denied() {
        assert_eq!(shown(&[]), [0]);
        assert_eq!(shown(&["--metric-opt-in-list=kube_x_selectors"]), [0, 1]);
        assert_eq!(shown(&["--metric-opt-in-list=kube_x"]), [0, 1, 2]);
        assert_eq!(shown(&["--metric-allowlist=selectors"]), [0; 0]);
        assert_eq!(
            shown(&[
                "--metric-allowlist=selectors",
                "--metric-opt-in-list=kube_x"
            ]),
            [1]
        );
        assert_eq!(
            shown(&["--metric-denylist=selectors", "--metric-opt-in-list=kube_x"]),
            [0, 2]
        );
    }

    #[test]
    fn entries_that_match_nothing_are_found() {
        let metrics = metrics(&[
            "--metric-denylist=info,foo",
            "--metric-opt-in-list=bar,attr",
        ]);
        assert_eq!(
            metrics.idle(&[&ROW]).unwrap(),
            [
                ("--metric-denylist", "foo"),
                ("--metric-opt-in-list", "bar")
            ]
        );
    }
}
