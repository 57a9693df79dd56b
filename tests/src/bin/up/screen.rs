//! What the user reads meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use promontory_tests::chart::Program;

use crate::Ports;

/// How many steps are announced.
const STEPS: usize = 9;
static STEP: AtomicUsize = AtomicUsize::new(0);

/// The next step begins.
pub(crate) fn step(what: &str) {
    let number = STEP.fetch_add(1, Ordering::Relaxed) + 1;
    println!("[{number}/{STEPS}] {what}");
}

/// More about the step at hand.
pub(crate) fn say(what: &str) {
    println!("      {what}");
}

/// News of the part that is prepared beside the steps.
pub(crate) fn aside(what: &str) {
    println!("      (Kubernetes) {what}");
}

/// Which arguments are not the chart's, and why.
pub(crate) fn explain(programs: &[&Program]) {
    for program in programs {
        say(&format!("{} as in the chart, but for", program.name));
        for other in program.others() {
            say(&format!("  {:44} {}", other.argument, other.why));
        }
    }
}

/// Where to look: everything but Kubernetes is there.
pub(crate) fn addresses(ports: &Ports, folder: &Path) {
    println!(
        "\n  Pushgateway         http://127.0.0.1:{}/",
        ports.pushgateway
    );
    println!("  Node exporter       http://127.0.0.1:{}/", ports.node);
    println!(
        "  Kube-state exporter http://127.0.0.1:{}/  once Kubernetes is ready",
        ports.kube
    );
    println!(
        "  Prometheus          http://127.0.0.1:{}/api/v1/query?query=up",
        ports.prometheus
    );
    println!(
        "  Push yourself: echo 'my_metric 42' | curl --data-binary @- http://127.0.0.1:{}/metrics/job/mine",
        ports.pushgateway
    );
    println!("  All data and logs: {}\n", folder.display());
}
