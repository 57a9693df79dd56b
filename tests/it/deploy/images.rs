//! The Containerfile: one for the three images, with nothing in them but a program that nobody owns.

use std::fs;

use promontory_tests::gateway::ours;
use promontory_tests::helm::find;
use promontory_tests::root;
use serde_json::json;

use super::{PROGRAMS, documents};

/// The instructions of the Containerfile: word and rest.
fn instructions() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("deploy/Containerfile")).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once(' ').unwrap())
        .map(|(word, rest)| (word.to_owned(), rest.to_owned()))
        .collect()
}

/// The rest of the only instruction of that word.
fn only(word: &str) -> String {
    let mut found = instructions();
    found.retain(|(it, _)| it == word);
    assert_eq!(found.len(), 1, "{word}: {found:?}");
    found.remove(0).1
}

#[test]
fn an_image_is_one_program_run_by_nobody() {
    assert_eq!(only("FROM"), "scratch");
    assert_eq!(only("USER"), "65534:65534");
    assert_eq!(only("COPY"), "${FROM}/${PROGRAM} /bin/program");
    assert_eq!(only("ENTRYPOINT"), "[\"/bin/program\"]");
    for (word, rest) in instructions() {
        // Nothing that needs a shell, which the image does not have.
        let known = ["FROM", "ARG", "COPY", "USER", "ENTRYPOINT"];
        assert!(known.contains(&word.as_str()), "{word} {rest}");
    }
    let documents = documents(json!({}));
    for (program, kind) in PROGRAMS {
        let pod = &find(&documents, kind, program).unwrap()["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsUser"], 65534, "{program}");
        // The chart leaves the entry point alone, and gives it arguments.
        assert!(pod["containers"][0]["command"].is_null(), "{program}");
        let image = pod["containers"][0]["image"].as_str().unwrap();
        assert_eq!(
            image,
            format!("promontory/{program}:{}", env!("CARGO_PKG_VERSION"))
        );
        assert!(ours(program).unwrap().is_file());
    }
}

/// The README builds what the Containerfile packs: the same programs, in the same place.
#[test]
fn the_readme_builds_what_is_packed() {
    let readme = fs::read_to_string(root().join("deploy/README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Images\n").unwrap();
    let (command, _) = section.split_once("\n```\n").unwrap();
    let from = instructions();
    let from = from.iter().find_map(|(_, rest)| rest.strip_prefix("FROM="));
    let target = from.unwrap().strip_prefix("target/").unwrap();
    let target = target.strip_suffix("/release").unwrap();
    assert!(
        command.contains(&format!("--release --target {target}")),
        "{command}"
    );
    let programs = PROGRAMS.iter().map(|(program, _)| *program);
    let programs: Vec<_> = programs.collect();
    let packages: Vec<_> = programs.iter().map(|it| format!("-p {it}")).collect();
    assert!(command.contains(&packages.join(" ")), "{command}");
    assert!(
        command.contains(&format!("for program in {};", programs.join(" "))),
        "{command}"
    );
}
