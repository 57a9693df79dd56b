//! The manifests are the chart's defaults, rendered; `INSTA_UPDATE=always` writes them anew.

use std::fs;

use promontory_tests::helm::Render;
use promontory_tests::root;
use serde_json::json;

/// What stands above them.
const HEAD: &str = "\
# The chart's defaults for the namespace monitoring, as Helm renders them. Written by
#   INSTA_UPDATE=always cargo test -p promontory-tests deploy::manifests
# deploy/README.md, \"Install\", says what must be there before.
";

#[test]
fn the_manifests_are_what_the_chart_renders() {
    let render = Render {
        // A password in a committed file would be everyone's.
        values: json!({"grafana": {"admin": {"existingSecret": "promontory-grafana"}}}),
        ..Render::default()
    };
    let rendered = format!("{HEAD}{}", render.text().unwrap());
    let path = root().join("deploy/manifests/promontory.yaml");
    let shown = fs::read_to_string(&path).unwrap_or_default();
    let accept = std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
    if shown != rendered && accept {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, rendered).unwrap();
        return;
    }
    assert!(
        shown == rendered,
        "deploy/manifests/promontory.yaml is not what the chart renders"
    );
    let documents = render.documents().unwrap();
    assert!(
        !documents
            .iter()
            .any(|it| it["kind"] == "Secret" && it["data"].is_object())
    );
}
