//! The README's tables come from the tables of the program. `INSTA_UPDATE=always cargo test -p kube-state-exporter`
//! writes them, as it accepts changed goldens.

use kube_state_exporter::flags;
use kube_state_exporter::resource::TABLE;

fn check(name: &str, table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (begin, end) = (
        format!("<!-- {name}: a test compares it -->\n"),
        format!("<!-- end of {name} -->"),
    );
    let (before, rest) = readme.split_once(&begin).unwrap();
    let (shown, after) = rest.split_once(&end).unwrap();
    let accept = std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
    if shown != table && accept {
        std::fs::write(path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(shown, table, "README.md has another table of {name}");
}

/// One test, because both write the same file.
#[test]
fn the_readme_shows_the_tables() {
    check("flags", &flags::program().table().markdown());
    let mut table = "| Resource | API | Families | stable | only on demand |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for row in TABLE {
        let families = (row.families)();
        let stable = families.iter().filter(|about| about.stable).count();
        let on_demand = families.iter().filter(|about| about.opt_in);
        let on_demand: Vec<String> = on_demand.map(|about| format!("`{}`", about.name)).collect();
        table.push_str(&format!(
            "| `{}` | `{}` | {} | {stable} | {} |\n",
            row.name,
            row.api_path(),
            families.len(),
            on_demand.join(", ")
        ));
    }
    check("resources", &table);
}
