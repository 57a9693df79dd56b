use super::*;

/// The pushgateway's flags, so that goldens can be compared with the real program's help.
fn pushgateway() -> Table {
    let mut flags = vec![
        Flag::switch(
            "web.systemd-socket",
            "Use systemd socket activation listeners instead of port listeners (Linux only).",
        ),
        Flag::texts(
            "web.listen-address",
            &[":9091"],
            "Addresses on which to expose metrics and web interface. Repeatable for multiple addresses. Examples: `:9100` or `[::1]:9100` for http, `vsock://:9100` for vsock",
        ),
        Flag::text(
            "web.config.file",
            "",
            "Path to configuration file that can enable TLS or authentication. See: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md",
        ),
        Flag::text(
            "web.telemetry-path",
            "/metrics",
            "Path under which to expose metrics.",
        ),
        Flag::new(
            "web.external-url",
            Takes::Url { default: "" },
            "The URL under which the Pushgateway is externally reachable.",
        ),
        Flag::text(
            "web.route-prefix",
            "",
            "Prefix for the internal routes of web endpoints. Defaults to the path of --web.external-url.",
        ),
        Flag::switch("web.enable-lifecycle", "Enable shutdown via HTTP request."),
        Flag::switch(
            "web.enable-admin-api",
            "Enable API endpoints for admin control actions.",
        ),
        Flag::text(
            "persistence.file",
            "",
            "File to persist metrics. If empty, metrics are only kept in memory.",
        ),
        Flag::duration(
            "persistence.interval",
            "5m",
            "The minimum interval at which to write out the persistence file.",
        ),
        Flag::switch(
            "push.disable-consistency-check",
            "Do not check consistency of pushed metrics. DANGEROUS.",
        ),
        Flag::switch(
            "push.enable-utf8-names",
            "Allow UTF-8 characters in metric and label names.",
        ),
    ];
    flags.extend_from_slice(crate::log::FLAGS);
    Table {
        program: "pushgateway",
        about: "The Pushgateway",
        spelling: Spelling::Kingpin,
        flags,
        commands: vec![],
        version: "pushgateway, version 1\n  more".to_owned(),
    }
}

/// Flags of every kind, in pflag's spelling.
fn state() -> Table {
    Table {
        program: "state",
        about: "Shows state.",
        spelling: Spelling::Pflag,
        flags: vec![
            Flag::integer("port", 8080, "Port to expose metrics on."),
            Flag::text("host", "::", "Host to expose metrics on.").short('H'),
            Flag::switch("self", "Show itself."),
            Flag::texts("node", &[], "Nodes."),
            Flag::duration("wait", "90s", "How long."),
            Flag::new("rate", Takes::Float { default: 0.5 }, "How fast."),
            Flag::text("at", ":0", "Where.").placeholder("place"),
        ],
        commands: vec![Command {
            name: "show",
            arguments: "[flags]",
            help: "Show the port.".into(),
            print: |_, flags, words| match words {
                [] => Ok(format!("port {}\n", flags.integer("port"))),
                words => Err(format!("show takes no words, not {words:?}")),
            },
        }],
        version: "state 1".to_owned(),
    }
}

/// Parses and prints the flags that were given, or what is printed instead, or the error.
fn outcome(table: &Table, line: &str) -> String {
    let args = line.split_whitespace().map(|arg| arg.replace('~', " "));
    match table.parse(args) {
        Err(error) => error.to_string(),
        Ok(Parsed::Print(text)) => format!("prints {}", text.lines().next().unwrap_or_default()),
        Ok(Parsed::Run(flags)) => {
            let shown = flags
                .shown()
                .into_iter()
                .filter(|(name, _)| flags.given(name));
            shown
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        }
    }
}

#[test]
fn kingpin_as_the_real_pushgateway_answers() {
    let table = pushgateway();
    for (line, expected) in [
        ("", ""),
        ("--web.telemetry-path=/m", "web.telemetry-path=/m"),
        ("--web.telemetry-path /m", "web.telemetry-path=/m"),
        ("--web.telemetry-path=", "web.telemetry-path="),
        ("--web.telemetry-path=a=b", "web.telemetry-path=a=b"),
        (
            "--web.listen-address=:1 --web.listen-address :2",
            "web.listen-address=:1,:2",
        ),
        ("--web.enable-lifecycle", "web.enable-lifecycle=true"),
        ("--no-web.enable-lifecycle", "web.enable-lifecycle=false"),
        ("--persistence.interval=90s", "persistence.interval=1m30s"),
        ("--persistence.interval=1d", "persistence.interval=24h0m0s"),
        ("--log.level=WARN", "log.level=warn"),
        (
            "--web.external-url=http://host/x",
            "web.external-url=http://host/x",
        ),
        ("-h", "prints usage: pushgateway [<flags>]"),
        ("--help", "prints usage: pushgateway [<flags>]"),
        ("-hh --help", "prints usage: pushgateway [<flags>]"),
        (
            "-- --help",
            "pushgateway: error: unexpected --help, try --help",
        ),
        (
            "--help -- foo",
            "pushgateway: error: unexpected foo, try --help",
        ),
        (
            "--help --xx",
            "pushgateway: error: unknown long flag '--xx', try --help",
        ),
        ("--", ""),
        ("--help-long", "prints usage: pushgateway [<flags>]"),
        ("--version", "prints pushgateway, version 1"),
        (
            "--xx",
            "pushgateway: error: unknown long flag '--xx', try --help",
        ),
        (
            "--xx=3",
            "pushgateway: error: unknown long flag '--xx', try --help",
        ),
        (
            "--log.leve=info",
            "pushgateway: error: unknown long flag '--log.leve', try --help",
        ),
        (
            "-x",
            "pushgateway: error: unknown short flag '-x', try --help",
        ),
        ("foo", "pushgateway: error: unexpected foo, try --help"),
        ("-- foo", "pushgateway: error: unexpected foo, try --help"),
        (
            "--log.level=foo",
            "pushgateway: error: unrecognized log level foo, try --help",
        ),
        (
            "--log.level",
            "pushgateway: error: expected argument for flag '--log.level', try --help",
        ),
        (
            "--log.level -h",
            "pushgateway: error: expected argument for flag '--log.level', try --help",
        ),
        (
            "--web.enable-lifecycle=true",
            "pushgateway: error: unexpected true, try --help",
        ),
        (
            "--no-web.telemetry-path",
            "pushgateway: error: unknown long flag '--no-web.telemetry-path', try --help",
        ),
        (
            "--persistence.interval=5",
            "pushgateway: error: time: missing unit in duration \"5\", try --help",
        ),
        (
            "--persistence.interval=",
            "pushgateway: error: time: invalid duration \"\", try --help",
        ),
        (
            "--log.level=info --log.level=debug",
            "pushgateway: error: flag 'log.level' cannot be repeated, try --help",
        ),
        (
            "--web.enable-lifecycle --web.enable-lifecycle",
            "pushgateway: error: flag 'web.enable-lifecycle' cannot be repeated, try --help",
        ),
        (
            "--web.enable-lifecycle --no-web.enable-lifecycle",
            "pushgateway: error: flag 'web.enable-lifecycle' cannot be repeated, try --help",
        ),
        (
            "--web.external-url=:x",
            "pushgateway: error: invalid URL: parse \":x\": missing protocol scheme, try --help",
        ),
        (
            "--web.external-url=http://h/%zz",
            "pushgateway: error: invalid URL: parse \"http://h/%zz\": invalid URL escape \"%zz\", try --help",
        ),
        (
            "--web.external-url=1:2/x",
            "pushgateway: error: invalid URL: parse \"1:2/x\": first path segment in URL cannot contain colon, try --help",
        ),
        (
            "@",
            "pushgateway: error: expected @ file to expand arguments from, try --help",
        ),
    ] {
        assert_eq!(outcome(&table, line), expected, "{line}");
    }
}

#[test]
fn pflag_as_pflag_answers() {
    let table = state();
    for (line, expected) in [
        ("--port=1 --port 2", "port=2"),
        ("--port=0x10", "port=16"),
        ("--self", "self=true"),
        ("--self=false", "self=false"),
        ("--self=F", "self=false"),
        (
            "--self=x",
            "Error: invalid argument \"x\" for \"--self\" flag: strconv.ParseBool: parsing \"x\": invalid syntax",
        ),
        ("-H a --node b --node=c", "host=a node=b,c"),
        ("-Ha", "host=a"),
        ("--wait=5m --rate=2", "rate=2 wait=5m0s"),
        ("--xx", "Error: unknown flag: --xx"),
        ("-x", "Error: unknown shorthand flag: 'x' in -x"),
        ("--port", "Error: flag needs an argument: --port"),
        (
            "--port=x",
            "Error: invalid argument \"x\" for \"--port\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
        ),
        (
            "--port=99999999999999999999",
            "Error: invalid argument \"99999999999999999999\" for \"--port\" flag: strconv.ParseInt: parsing \"99999999999999999999\": value out of range",
        ),
        ("--port -1 --host --self", "host=--self port=-1"),
        ("version", "prints state 1"),
        ("version foo", "prints state 1"),
        ("version --help", "prints Print version information."),
        ("help", "prints Shows state."),
        ("help foo", "prints Shows state."),
        ("help version", "prints Print version information."),
        ("foo --help", "prints Shows state."),
        ("completion", "Error: accepts 1 arg(s), received 0"),
        ("completion bash zsh", "Error: accepts 1 arg(s), received 2"),
        (
            "completion csh",
            "Error: unsupported shell \"csh\": bash, zsh or fish",
        ),
        ("show", "prints port 8080"),
        ("--port 1 show", "prints port 1"),
        ("show --port=2", "prints port 2"),
        ("show -h", "prints Show the port."),
        ("show x", "Error: show takes no words, not [\"x\"]"),
        ("show --xx", "Error: unknown flag: --xx"),
        ("foo", "Error: unknown command \"foo\" for \"state\""),
        ("-- foo", "Error: unknown command \"foo\" for \"state\""),
        ("--version", "prints state 1"),
        ("-h", "prints Shows state."),
    ] {
        assert_eq!(outcome(&table, line), expected, "{line}");
    }
}

#[test]
fn files_of_arguments_are_read_in_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("args");
    std::fs::write(&file, "# comment\n\n--web.telemetry-path\n/m with blanks\n").expect("written");
    let line = format!("@{} --web.enable-lifecycle", file.display());
    assert_eq!(
        outcome(&pushgateway(), &line),
        "web.enable-lifecycle=true web.telemetry-path=/m with blanks"
    );
    std::fs::write(&file, format!("@{}\n", file.display())).expect("written");
    assert_eq!(
        outcome(&pushgateway(), &line),
        "pushgateway: error: more than 16 files of arguments, try --help"
    );
}

#[test]
fn kingpin_help_is_laid_out_like_the_real_one() {
    insta::assert_snapshot!(pushgateway().help(80));
}

#[test]
fn pflag_help() {
    insta::assert_snapshot!(state().help(80));
}

#[test]
fn readme_rows() {
    insta::assert_snapshot!(pushgateway().markdown());
}

#[test]
fn man_page() {
    insta::assert_snapshot!(pushgateway().man());
}

#[test]
fn completions_know_every_flag() {
    for script in [
        "completion-script-bash",
        "completion-script-zsh",
        "completion-script-fish",
    ] {
        let text = pushgateway().completions(script);
        for flag in pushgateway().flags {
            assert!(text.contains(&*flag.name), "{script} lacks {}", flag.name);
        }
    }
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let text = state().completions(shell);
        for word in ["completion", "help", "show", "version", "port"] {
            assert!(text.contains(word), "{shell} lacks {word}: {text}");
        }
    }
}

#[test]
fn defaults_and_repeated_flags() {
    let args = ["--node=a,b", "--node=c"].map(str::to_owned);
    let Ok(Parsed::Run(flags)) = state().parse(args) else {
        panic!("a repeatable flag may be repeated")
    };
    assert_eq!(flags.texts("node"), ["a", "b", "c"]);
    for table in [pushgateway(), state()] {
        let Ok(Parsed::Run(flags)) = table.parse([]) else {
            panic!("no argument is no error")
        };
        assert_eq!(flags.shown().len(), table.flags.len());
    }
}
