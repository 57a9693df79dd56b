//! Ours and the real pushgateway answer the same and hold the same afterwards, case by case.
//!
//! The cases are data: `tests/cases/*.case`, a file a test; `promontory_tests::case` documents how they are written, and
//! `tests/cases/differences.txt` lists what differs on purpose.

/// One test for each file of cases, and one that no file is forgotten.
macro_rules! parity {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                if let Err(error) = promontory_tests::parity::check(stringify!($name)) {
                    panic!("{error:#}");
                }
            }
        )*

        #[test]
        fn every_file_of_cases_runs() {
            let mut files: Vec<String> = std::fs::read_dir(promontory_tests::root().join("tests/cases"))
                .unwrap()
                .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".case").map(str::to_owned))
                .collect();
            files.sort();
            assert_eq!(files, [$(stringify!($name)),*]);
        }
    };
}

parity! {
    admin_off api base64 consistency encodings external_url external_url_root grouping histograms lifecycle methods own_metrics pairs prefix prefix_telemetry protobuf
    routes scrape semantics telemetry_path text types unchecked utf8 values web_config
}
