//! Writes the corpus as one file a body into `corpus/TARGET`, where the fuzzer looks for its seeds.

use std::fs;
use std::path::Path;

use promontory_corpus::{Case, openmetrics, protobuf, text};

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let page = [promontory_corpus::generate::client(100)];
    let pages = page.into_iter().map(|body| Case {
        name: "page".into(),
        body,
    });
    write(
        &corpus.join("text"),
        text().into_iter().chain(pages.clone()),
    )?;
    write(&corpus.join("openmetrics"), openmetrics())?;
    write(&corpus.join("protobuf"), protobuf())?;
    write(
        &corpus.join("roundtrip"),
        text().into_iter().chain(protobuf()).chain(openmetrics()),
    )?;
    let block = promontory_exposition::gzip::Block::compress(&text()[100].body);
    let mut stream = Vec::new();
    promontory_exposition::gzip::join([&block, &block], &mut stream);
    write(
        &corpus.join("inflate"),
        [Case {
            name: "two blocks".into(),
            body: stream,
        }],
    )?;
    let accept = b"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1".to_vec();
    write(
        &corpus.join("accept"),
        [Case {
            name: "prometheus".into(),
            body: accept,
        }],
    )
}

fn write(folder: &Path, cases: impl IntoIterator<Item = Case>) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for (number, case) in cases.into_iter().enumerate() {
        fs::write(folder.join(format!("case-{number}")), case.body)?;
    }
    Ok(())
}
