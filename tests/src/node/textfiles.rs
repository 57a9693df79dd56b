//! Folders of text files, good and bad, each a case of its own below `text/`.

use std::fmt::Write;
use std::os::unix::fs::symlink;
use std::process::Command;

use anyhow::{Result, ensure};

use super::tree::Tree;

/// A folder, and the files in it.
type Folder = (&'static str, &'static [(&'static str, &'static str)]);

/// Whatever jobs leave behind.
const FOLDERS: &[Folder] = &[
    (
        "good",
        &[
            (
                "b.prom",
                "# HELP job_runs_total Runs.\n# TYPE job_runs_total counter\njob_runs_total{job=\"b\"} 2\njob_runs_total{job=\"a\",zone=\"x\"} 3.5e3\n",
            ),
            (
                "a.prom",
                "# TYPE job_seconds histogram\njob_seconds_bucket{le=\"1\"} 1\njob_seconds_bucket{le=\"+Inf\"} 3\njob_seconds_sum 9.5\njob_seconds_count 3\n# TYPE job_size summary\njob_size{quantile=\"0.5\"} 1\njob_size{quantile=\"0.9\"} 2\njob_size_sum 3\njob_size_count 2\n",
            ),
            (
                "c.prom",
                "untyped_one 1\nuntyped_nan NaN\nuntyped_inf +Inf\n# TYPE gauge_one gauge\ngauge_one{path=\"C:\\\\DIR\\\\\",quote=\"\\\"\",line=\"a\\nb\"} -0\n",
            ),
            ("empty.prom", ""),
            (
                "comments.prom",
                "# nothing but this\n\n# HELP lonely A help without a metric.\n",
            ),
            ("not_a_metric_file.txt", "broken {"),
            (".hidden.prom", "hidden 1\n"),
            ("x.prom.tmp", "broken {"),
        ],
    ),
    (
        "shared",
        &[
            (
                "a.prom",
                "# HELP shared Of both.\n# TYPE shared gauge\nshared{file=\"a\"} 1\n",
            ),
            (
                "b.prom",
                "# HELP shared Of both.\n# TYPE shared gauge\nshared{file=\"b\"} 2\n",
            ),
            ("c.prom", "shared{file=\"c\"} 3\n"),
        ],
    ),
    (
        "helps",
        &[
            (
                "a.prom",
                "# HELP torn The first.\n# TYPE torn gauge\ntorn{file=\"a\"} 1\nother_a 1\n",
            ),
            (
                "b.prom",
                "# HELP torn The second.\n# TYPE torn gauge\ntorn{file=\"b\"} 2\nother_b 1\n",
            ),
            (
                "c.prom",
                "# HELP torn The first.\n# TYPE torn gauge\ntorn{file=\"c\"} 3\nother_c 1\n",
            ),
        ],
    ),
    (
        "helpless_first",
        &[
            ("a.prom", "late{file=\"a\"} 1\n"),
            ("b.prom", "late{file=\"b\"} 2\n"),
        ],
    ),
    (
        "types",
        &[
            (
                "a.prom",
                "# HELP kind A kind.\n# TYPE kind gauge\nkind{file=\"a\"} 1\n",
            ),
            (
                "b.prom",
                "# HELP kind A kind.\n# TYPE kind counter\nkind{file=\"b\"} 2\n",
            ),
        ],
    ),
    (
        "duplicates",
        &[
            (
                "a.prom",
                "# HELP twice Twice.\n# TYPE twice gauge\ntwice{x=\"1\"} 1\ntwice{x=\"2\"} 1\n",
            ),
            (
                "b.prom",
                "# HELP twice Twice.\n# TYPE twice gauge\ntwice{x=\"1\"} 7\n",
            ),
        ],
    ),
    (
        "duplicates_within",
        &[("a.prom", "twice 1\ntwice 2\nonce 1\n")],
    ),
    (
        "labels",
        &[(
            "a.prom",
            "# TYPE mixed gauge\nmixed 1\nmixed{b=\"2\"} 2\nmixed{a=\"1\",c=\"3\"} 3\nmixed{d=\"\"} 4\n",
        )],
    ),
    (
        "timestamps",
        &[
            ("a.prom", "with_time 1 1700000000000\nwithout_time 2\n"),
            ("b.prom", "good 1\n"),
        ],
    ),
    (
        "broken",
        &[
            ("a.prom", "good_before 1\n"),
            ("b.prom", "half{ 1\n"),
            ("c.prom", "no_value\n"),
            ("d.prom", "# TYPE t wrong\nt 1\n"),
            ("e.prom", "a 1\n# TYPE a gauge\na 2\n"),
            ("f.prom", "no_line_break 1"),
            ("g.prom", "word x\n"),
            ("h.prom", "{} 1\n"),
            ("i.prom", "double{a=\"1\",a=\"2\"} 1\n"),
            ("j.prom", "windows 1\r\n"),
            ("k.prom", "\u{feff}bom 1\n"),
            ("l.prom", "h_bucket 1\n# TYPE h histogram\nh_bucket 1\n"),
            ("z.prom", "good_after 1\n"),
        ],
    ),
    (
        "killers/label_name",
        &[
            ("a.prom", "reserved{__name__=\"x\"} 1\n"),
            ("b.prom", "good 1\n"),
        ],
    ),
    (
        "killers/label_reserved",
        &[
            ("a.prom", "reserved{__x=\"y\"} 1\n"),
            ("b.prom", "good 1\n"),
        ],
    ),
    (
        "killers/quoted_label",
        &[
            ("a.prom", "plain{\"quoted.label\"=\"1\"} 1\n"),
            ("b.prom", "good 1\n"),
        ],
    ),
    (
        "killers/quoted_name",
        &[("a.prom", "{\"quoted.name\"} 1\n"), ("b.prom", "good 1\n")],
    ),
    (
        "killers/no_name",
        &[("a.prom", "{} 1\n"), ("b.prom", "good 1\n")],
    ),
    (
        "names",
        &[
            ("a.prom", "naïve 1\n"),
            ("d.prom", "colon:name 1\n"),
            ("g.prom", "unicode{value=\"naïve ☃\"} 1\n"),
        ],
    ),
    (
        "fractions",
        &[
            (
                "a.prom",
                "# TYPE count histogram\ncount_bucket{le=\"1\"} 1\ncount_bucket{le=\"+Inf\"} 3\ncount_sum 9.5\ncount_count 1.5\n",
            ),
            (
                "b.prom",
                "# TYPE size summary\nsize{quantile=\"0.5\"} 1.5\nsize_sum 3\nsize_count 2.5\n",
            ),
        ],
    ),
    (
        "histograms",
        &[
            (
                "a.prom",
                "# TYPE no_inf histogram\nno_inf_bucket{le=\"1\"} 1\nno_inf_sum 1\nno_inf_count 2\n",
            ),
            (
                "b.prom",
                "# TYPE twice_le histogram\ntwice_le_bucket{le=\"1\"} 1\ntwice_le_bucket{le=\"1.0\"} 2\ntwice_le_bucket{le=\"+Inf\"} 2\ntwice_le_sum 1\ntwice_le_count 2\n",
            ),
            (
                "c.prom",
                "# TYPE unsorted summary\nunsorted{quantile=\"0.9\"} 2\nunsorted{quantile=\"0.5\"} 1\nunsorted_sum 3\nunsorted_count 2\n",
            ),
            (
                "d.prom",
                "# TYPE bare histogram\nbare_sum 1\nbare_count 2\n",
            ),
            (
                "e.prom",
                "# TYPE labelled histogram\nlabelled_bucket{le=\"1\",a=\"x\"} 1\nlabelled_bucket{le=\"+Inf\",a=\"x\"} 1\nlabelled_sum{a=\"x\"} 1\nlabelled_count{a=\"x\"} 1\nlabelled_bucket{le=\"+Inf\"} 5\nlabelled_sum 5\nlabelled_count 5\n",
            ),
        ],
    ),
    (
        "parts",
        &[
            (
                "a.prom",
                "# TYPE whole histogram\nwhole_bucket{le=\"+Inf\"} 1\nwhole_sum 1\nwhole_count 1\n",
            ),
            ("b.prom", "# TYPE whole_count gauge\nwhole_count 7\n"),
            ("c.prom", "whole_bucket_size 1\n"),
        ],
    ),
    (
        "ours",
        &[
            ("a.prom", "node_textfile_scrape_error 7\n"),
            ("b.prom", "node_load1 7\n"),
            ("c.prom", "node_other_things 7\n"),
            (
                "d.prom",
                "# HELP node_textfile_mtime_seconds Unixtime mtime of textfiles successfully read.\n# TYPE node_textfile_mtime_seconds gauge\nnode_textfile_mtime_seconds{file=\"mine\"} 7\n",
            ),
        ],
    ),
    ("glob/a1", &[("a.prom", "from{folder=\"a1\"} 1\n")]),
    ("glob/a2", &[("a.prom", "from{folder=\"a2\"} 1\n")]),
    ("glob/b", &[("a.prom", "from{folder=\"b\"} 1\n")]),
    ("glob/[x]", &[("a.prom", "from{folder=\"x\"} 1\n")]),
];

/// A machine with nothing but text files.
///
/// # Errors
/// If the tree cannot be written.
pub fn textfiles() -> Result<Tree> {
    let tree = Tree::new()?;
    for (folder, files) in FOLDERS {
        for (name, content) in *files {
            tree.file(&format!("text/{folder}/{name}"), content)?;
        }
    }
    bytes(&tree)?;
    kinds(&tree)?;
    huge(&tree)?;
    Ok(tree)
}

/// Files that are not text, and file names that are not.
fn bytes(tree: &Tree) -> Result<()> {
    tree.file("text/bytes/a.prom", b"label{a=\"\xff\xfe\"} 1\n")?;
    tree.file("text/bytes/b.prom", b"\x00\x01\x02\n")?;
    tree.file("text/bytes/c.prom", b"# HELP help \xff\nhelp 1\n")?;
    tree.file("text/bytes/d.prom", b"good 1\n")?;
    tree.file("text/bytes/with space.prom", b"spaced 1\n")?;
    tree.file("text/bytes/na\u{ef}ve \u{2603}.prom", b"snow 1\n")
}

/// What is not a file: a folder, a link to nothing, a link to itself, a link to a file.
fn kinds(tree: &Tree) -> Result<()> {
    tree.file("text/kinds/good.prom", "good 1\n")?;
    tree.folder("text/kinds/folder.prom")?;
    tree.file("text/kinds/below/deep.prom", "deep 1\n")?;
    symlink("nowhere", tree.at("text/kinds/dangling.prom"))?;
    symlink("loop.prom", tree.at("text/kinds/loop.prom"))?;
    symlink("below/deep.prom", tree.at("text/kinds/linked.prom"))?;
    tree.file("text/one_file.prom", "one 1\n")
}

/// A long file: 20,000 series, and a line of 200 kB.
fn huge(tree: &Tree) -> Result<()> {
    let mut text = "# HELP huge Many.\n# TYPE huge gauge\n".to_owned();
    for at in 0..20_000 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "huge{{at=\"{at}\",text=\"{}\"}} {}",
            at * at,
            at as f64 / 7.0
        );
    }
    let _ = writeln!(text, "long{{text=\"{}\"}} 1", "x".repeat(200_000));
    tree.file("text/huge/a.prom", text)
}

/// Adds a pipe that nobody writes to; reading it would wait for ever.
///
/// # Errors
/// If it cannot be made.
pub fn pipe(tree: &Tree, name: &str) -> Result<()> {
    let status = Command::new("mkfifo").arg(tree.at(name)).status()?;
    ensure!(status.success(), "mkfifo {name}: {status}");
    Ok(())
}
