//! The command line: help, and what is refused in which words.

use kube_state_exporter::flags;
use kube_state_exporter::missing;
use promontory_exporter::flag::{Flags, Parsed};

/// The values of a command line that is good.
pub(crate) fn given(args: &[&str]) -> Flags {
    let args = args.iter().map(|arg| (*arg).to_owned());
    match flags::program().table().parse(args) {
        Ok(Parsed::Run(flags)) => flags,
        other => panic!("not to be run: {other:?}"),
    }
}

/// But for `rbac`, `--log.format`, `--log.level` and the resources, the real program prints the same.
#[test]
fn help() {
    let help = flags::program().table().help(80);
    let resources = missing::default_names().join(",");
    let help = help.replace(&format!("{resources:?}"), "[the resources of the table]");
    insta::assert_snapshot!("help", help);
}

#[test]
fn command_lines_that_cannot_be_read() {
    let mut words = String::new();
    for line in [
        "--nonsense",
        "-x",
        "--port",
        "--port=x",
        "--port=99999999999999999999",
        "--server-read-timeout=5",
        "--track-unscheduled-pods=maybe",
        "--stderrthreshold=loud",
        "nonsense",
        "completion",
        "completion csh",
        "rbac --resources=namespaces,leases,foos",
        "rbac --resources=foos",
    ] {
        let args = line.split(' ').map(str::to_owned);
        let error = flags::program()
            .table()
            .parse(args)
            .unwrap_err()
            .to_string();
        // Which resources there are is not the matter here.
        let error = error.split("; it shows").next().unwrap();
        let error = error.split(" Available").next().unwrap();
        words.push_str(&format!("{line}\n    {error}\n"));
    }
    insta::assert_snapshot!("errors", words);
}

#[test]
fn what_is_not_built_is_refused_unless_it_asks_for_nothing() {
    for name in flags::NOT_BUILT {
        let flag = format!("--{name}");
        let is_switch = given(&[])
            .shown()
            .contains(&((*name).to_owned(), "false".to_owned()));
        let (asking, nothing) = match is_switch {
            true => (flag.clone(), format!("{flag}=false")),
            false => (format!("{flag}=x"), format!("{flag}=")),
        };
        let error = flags::check(&given(&[&asking])).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{flag}: this is not built yet")),
            "{error}"
        );
        flags::check(&given(&[&nothing])).unwrap();
    }
}

#[test]
fn flags_without_effect_are_no_error() {
    let mut args: Vec<String> = flags::WITHOUT_EFFECT
        .iter()
        .filter(|(name, _)| !name.ends_with("ratio"))
        .map(|(name, _)| format!("--{name}"))
        .collect();
    args.extend(
        [
            "--auto-gomemlimit-ratio=0.5",
            "--logtostderr=false",
            "-v=4",
            "--vmodule=a=1",
        ]
        .map(str::to_owned),
    );
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    flags::check(&given(&args)).unwrap();
}
