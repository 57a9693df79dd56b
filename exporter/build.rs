//! Tells the crate which compiler builds it: exporters show that in their build metric.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).arg("--version").output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    // "rustc 1.90.0 (1159e78c4 2025-09-14)" becomes "rustc1.90.0", as Go says "go1.26.8".
    let version: String = text.split_whitespace().take(2).collect();
    let version = if version.is_empty() {
        "unknown".to_owned()
    } else {
        version
    };
    println!("cargo::rustc-env=EXPORTER_COMPILER={version}");
}
