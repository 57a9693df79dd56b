//! The node exporter program: flags and collectors put together. No rule lives here.

use std::process::ExitCode;

fn main() -> ExitCode {
    node_exporter::flags::program().export(&[":9100"], node_exporter::collectors)
}
