//! The tables of the README come from the tables of the program. `INSTA_UPDATE=always` accepts changed ones, as it
//! accepts a changed help.

use node_exporter::collector::ROWS;
use node_exporter::flags;
use node_exporter::missing::MISSING;

/// The part of the README between two marks must be `expected`.
#[track_caller]
fn check(name: &str, expected: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (begin, end) = (format!("<!-- {name}: "), format!("<!-- end of {name} -->"));
    let at = readme.find(&begin).unwrap();
    let from = at + readme[at..].find('\n').unwrap() + 1;
    let to = from + readme[from..].find(&end).unwrap();
    if &readme[from..to] == expected {
        return;
    }
    let accept = std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
    assert!(
        accept,
        "node-exporter/README.md: the {name} are others:\n{expected}"
    );
    let readme = format!("{}{expected}{}", &readme[..from], &readme[to..]);
    std::fs::write(path, readme).unwrap();
}

/// One after the other, because each may write the file.
#[test]
fn the_tables_are_those_of_the_program() {
    let mut collectors =
        "| Collector | Default | What it shows | What it reads |\n| --- | --- | --- | --- |\n"
            .to_owned();
    for row in ROWS {
        let default = if row.default { "on" } else { "off" };
        let line = format!(
            "| `{}` | {default} | {} | {} |\n",
            row.name, row.about, row.reads
        );
        collectors.push_str(&line);
    }
    check("collectors", &collectors);
    let of = |default: bool| {
        let names = MISSING.iter().filter(|missing| missing.default == default);
        let names: Vec<String> = names.map(|missing| format!("`{}`", missing.name)).collect();
        names.join(", ")
    };
    let missing = format!(
        "On by default there: {}.\n\nOff by default there: {}.\n",
        of(true),
        of(false)
    );
    check("missing collectors", &missing);
    check("flags", &flags::program().table().markdown());
}
