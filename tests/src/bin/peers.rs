//! `peers [NAME…]`: builds the real programs of these names, or all, into the cache and prints where each is.
//!
//! Tests build what they need by themselves; this is for doing it ahead of time, and for a look at a real program.

use std::process::ExitCode;

use promontory_tests::peers;

fn main() -> ExitCode {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        names = peers::PEERS.iter().map(|peer| peer.name.into()).collect();
    }
    let mut failed = false;
    for name in names {
        match peers::program(&name) {
            Ok(path) => println!("{name}\t{}", path.display()),
            Err(error) => {
                eprintln!("{name}: {error:#}");
                failed = true;
            }
        }
    }
    ExitCode::from(u8::from(failed))
}
