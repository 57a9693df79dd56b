//! The three programs as the chart starts them, on this machine.
//!
//! Their arguments are read from the rendered chart, not written twice. What cannot be the same outside of a container
//! (addresses, paths) stands in one table with its reason: [`Program::arguments`] replaces exactly that and fails when
//! the chart has no such argument any more.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::helm;

/// One of our programs in the chart.
#[derive(Debug)]
pub struct Program {
    /// The binary, and the chart's name for this part of the stack.
    pub name: &'static str,
    /// The kind of its workload.
    pub kind: &'static str,
    /// Each takes the place of the chart's argument with the same flag.
    pub replaced: &'static [Other],
    /// What a container has no need of.
    pub added: &'static [Other],
}

/// An argument that is another one here; words in braces stand for what is decided at the start.
#[derive(Debug)]
pub struct Other {
    /// For example `--port={port}`.
    pub argument: &'static str,
    /// Why it is not the chart's.
    pub why: &'static str,
}

const fn other(argument: &'static str, why: &'static str) -> Other {
    Other { argument, why }
}

const LOOPBACK: &str = "only this machine may reach it";
const NOT_BELOW_HOST: &str = "a container sees the machine below /host, a process where it is";

/// Wants `{port}` and `{folder}`.
pub const PUSHGATEWAY: Program = Program {
    name: "pushgateway",
    kind: "StatefulSet",
    replaced: &[
        other("--web.listen-address=127.0.0.1:{port}", LOOPBACK),
        other(
            "--persistence.file={folder}/pushgateway.db",
            "there is no volume",
        ),
    ],
    added: &[],
};

/// Wants `{port}`.
pub const NODE_EXPORTER: Program = Program {
    name: "node-exporter",
    kind: "DaemonSet",
    replaced: &[
        other("--web.listen-address=127.0.0.1:{port}", LOOPBACK),
        other("--path.procfs=/proc", NOT_BELOW_HOST),
        other("--path.sysfs=/sys", NOT_BELOW_HOST),
        other("--path.rootfs=/", NOT_BELOW_HOST),
        other("--path.udev.data=/run/udev/data", NOT_BELOW_HOST),
    ],
    added: &[],
};

/// Wants `{port}`, `{telemetry}` and `{kubeconfig}`.
pub const KUBE_STATE_EXPORTER: Program = Program {
    name: "kube-state-exporter",
    kind: "Deployment",
    replaced: &[
        other("--port={port}", "ports of this machine may be taken"),
        other(
            "--telemetry-port={telemetry}",
            "ports of this machine may be taken",
        ),
    ],
    added: &[
        other("--host=127.0.0.1", LOOPBACK),
        other("--telemetry-host=127.0.0.1", LOOPBACK),
        other(
            "--kubeconfig={kubeconfig}",
            "no service account is mounted here",
        ),
    ],
};

impl Program {
    /// The arguments of its container in the rendered `chart`, made to fit this machine. `words` says what the words in
    /// braces stand for.
    ///
    /// # Errors
    /// If the chart has no such program, lacks an argument that is to be replaced, or a word is not said.
    pub fn arguments(&self, chart: &[Value], words: &[(&str, String)]) -> Result<Vec<String>> {
        let mut arguments = helm::arguments(chart, self.kind, self.name)?;
        for other in self.replaced {
            let here = filled(other.argument, words)?;
            let flag = flag(&here).to_owned();
            let place = arguments.iter_mut().find(|it| flag_of(it, &flag));
            let place = place
                .with_context(|| format!("the chart gives {} no {flag} to replace", self.name))?;
            *place = here;
        }
        for other in self.added {
            let here = filled(other.argument, words)?;
            let twice = arguments.iter().any(|it| flag_of(it, flag(&here)));
            ensure!(!twice, "the chart gives {} {here} as well", self.name);
            arguments.push(here);
        }
        Ok(arguments)
    }

    /// The arguments that are not the chart's, each with its reason.
    pub fn others(&self) -> impl Iterator<Item = &'static Other> {
        self.replaced.iter().chain(self.added)
    }
}

fn flag(argument: &str) -> &str {
    argument.split('=').next().unwrap_or(argument)
}

fn flag_of(argument: &str, flag: &str) -> bool {
    self::flag(argument) == flag
}

fn filled(argument: &str, words: &[(&str, String)]) -> Result<String> {
    let mut text = argument.to_owned();
    for (word, value) in words {
        text = text.replace(&format!("{{{word}}}"), value);
    }
    ensure!(!text.contains('{'), "nothing is said to stand in {text}");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chart(arguments: &[&str]) -> Vec<Value> {
        vec![json!({
            "kind": "Deployment",
            "metadata": {"labels": {"app.kubernetes.io/component": "kube-state-exporter"}},
            "spec": {"template": {"spec": {"containers": [{"args": arguments}]}}},
        })]
    }

    fn words() -> [(&'static str, String); 3] {
        [("port", "1"), ("telemetry", "2"), ("kubeconfig", "/k")]
            .map(|(word, value)| (word, value.to_owned()))
    }

    #[test]
    fn only_what_the_table_names_is_another() {
        let chart = chart(&["--port=8080", "--resources=pods", "--telemetry-port=8081"]);
        let given = KUBE_STATE_EXPORTER.arguments(&chart, &words()).unwrap();
        let expected = "--port=1 --resources=pods --telemetry-port=2 --host=127.0.0.1 \
                        --telemetry-host=127.0.0.1 --kubeconfig=/k";
        assert_eq!(given.join(" "), expected);
    }

    #[test]
    fn what_no_longer_fits_the_chart_is_an_error() {
        let refused = |arguments: &[&str], words: &[(&str, String)]| {
            let given = KUBE_STATE_EXPORTER.arguments(&chart(arguments), words);
            given.unwrap_err().to_string()
        };
        let whole = ["--port=8080", "--telemetry-port=8081"];
        assert!(refused(&whole[..1], &words()).contains("no --telemetry-port to replace"));
        let twice = [whole[0], whole[1], "--host=::"];
        assert!(refused(&twice, &words()).contains("--host=127.0.0.1 as well"));
        assert!(refused(&whole, &words()[..2]).contains("{kubeconfig}"));
    }
}
