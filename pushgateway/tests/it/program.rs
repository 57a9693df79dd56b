//! The program as a process: its help, its exit codes, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use promontory_exporter::flag::Parsed;
use pushgateway::flags;

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pushgateway"))
        .args(args)
        .output()
        .expect("the program starts")
}

#[test]
fn help() {
    insta::assert_snapshot!("help", flags::program().table().help(80));
    let printed = run(&["--help"]);
    assert_eq!(printed.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&printed.stdout).starts_with("usage: pushgateway [<flags>]"));
}

/// `INSTA_UPDATE=always` accepts a changed table, as it accepts the changed help.
#[test]
fn the_readme_shows_the_flag_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).expect("the README is there");
    let (begin, end) = ("a test compares it -->\n", "<!-- end of flags -->");
    let (before, rest) = readme.split_once(begin).expect("the table begins");
    let (shown, after) = rest.split_once(end).expect("the table ends");
    let table = flags::program().table().markdown();
    let accept = std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
    if shown != table && accept {
        std::fs::write(path, format!("{before}{begin}{table}{end}{after}")).expect("written");
        return;
    }
    assert_eq!(shown, table, "pushgateway/README.md has another table");
}

#[test]
fn what_cannot_work_ends_with_1_and_a_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let busy = format!(
        "--web.listen-address={}",
        taken.local_addr().expect("an address")
    );
    let folder = tempfile::tempdir().expect("a folder");
    let foreign = folder.path().join("foreign");
    std::fs::write(&foreign, "not a store").expect("a file");
    let foreign = format!("--persistence.file={}", foreign.display());
    let free = "--web.listen-address=127.0.0.1:0";
    for (args, reason) in [
        (vec!["--nonsense"], "unknown long flag '--nonsense'"),
        (
            vec!["--persistence.interval=never", free],
            "invalid duration",
        ),
        (vec!["--log.level=loud", free], "log"),
        (
            vec!["--web.telemetry-path=/status", free],
            "--web.telemetry-path",
        ),
        (
            vec!["--push.max-body-bytes=-1", free],
            "--push.max-body-bytes",
        ),
        (
            vec!["--web.config.file=/nowhere/at/all.yml", free],
            "/nowhere/at/all.yml",
        ),
        (vec!["--web.listen-address=nonsense"], "nonsense"),
        (vec![&busy], "in use"),
        (vec![&foreign, free], "foreign"),
    ] {
        let output = run(&args);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {words}");
        assert!(
            words.contains(reason),
            "{args:?}: {words:?} lacks {reason:?}"
        );
    }
}

#[test]
fn version() {
    let output = run(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(
        words.starts_with(concat!(
            "pushgateway, version ",
            env!("CARGO_PKG_VERSION"),
            " (branch: "
        )),
        "{words}"
    );
}

#[test]
fn the_prefix_in_use_is_shown() {
    for (args, prefix, expected) in [
        (vec!["--web.route-prefix=pre/"], "/pre", "/pre"),
        (vec!["--web.external-url=http://x/y/"], "/y", "/y"),
        (vec!["--web.route-prefix=/"], "", ""),
    ] {
        let args = args.into_iter().map(str::to_owned);
        let Ok(Parsed::Run(flags)) = flags::program().table().parse(args) else {
            panic!("these flags are good");
        };
        let shown = flags::shown(&flags, prefix);
        let found = shown.iter().find(|(name, _)| name == "web.route-prefix");
        assert_eq!(found.map(|(_, value)| value.as_str()), Some(expected));
    }
}

/// Starts the program, and reads its log up to the line that says where it listens.
fn start(args: &[&str]) -> (Child, BufReader<ChildStderr>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_pushgateway"))
        .arg("--web.listen-address=127.0.0.1:0")
        .args(args)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut log = String::new();
    let mut lines = BufReader::new(program.stderr.take().expect("its log"));
    while !log.contains("Listening on") {
        let read = lines.read_line(&mut log).expect("a line");
        assert!(read > 0, "it ended: {log}");
    }
    (program, lines, log)
}

fn log_of_a_start(args: &[&str]) -> String {
    let (mut program, _, log) = start(args);
    program.kill().expect("it still runs");
    program.wait().expect("it ends");
    log
}

#[test]
fn deletes_of_many_groups_are_in_the_log() {
    let (mut program, mut lines, log) = start(&["--web.enable-admin-api"]);
    let (_, port) = log.rsplit_once("address=127.0.0.1:").expect("a port");
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    let send = |line: &str| {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("it listens");
        let request = format!(
            "{line} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 20"), "{line}: {answer}");
    };
    for job in ["a", "b", "c", "d"] {
        send(&format!("PUT /metrics/job/{job}"));
    }
    let long = "y".repeat(3000);
    let matching = format!("match[]={{job=~%22a%7Cb%22}}&match[]={{job=%22{long}%22}}");
    send(&format!("DELETE /api/v1/metrics?{matching}&dry_run=true"));
    send(&format!("DELETE /api/v1/metrics?{matching}"));
    send("PUT /api/v1/admin/wipe");
    program.kill().expect("it still runs");
    program.wait().expect("it ends");
    let mut log = String::new();
    lines.read_to_string(&mut log).expect("its log");
    let told: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("deleted"))
        .collect();
    let [matching, all] = told[..] else {
        panic!("one line each: {log}")
    };
    for part in ["level=info", "groups=2", "{job=~", "bytes more"] {
        assert!(matching.contains(part), "{part}: {matching}");
    }
    assert!(matching.len() < 2_500, "{matching}");
    assert!(all.contains("groups=2"), "{all}");
}

#[test]
fn what_can_be_lost_is_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!(
        "--persistence.file={}",
        folder.path().join("store").display()
    );
    for (args, warned) in [
        (vec![], Some("In memory only")),
        (
            vec![&*file, "--persistence.interval=5m"],
            Some("written every 300s"),
        ),
        (vec![&*file], None),
    ] {
        let log = log_of_a_start(&args);
        let warning = log.lines().find(|line| line.contains("level=warn"));
        assert_eq!(warning.is_some(), warned.is_some(), "{args:?}: {log}");
        assert!(
            warning.is_none_or(|line| line.contains(warned.unwrap_or_default())),
            "{args:?}: {log}"
        );
    }
}
