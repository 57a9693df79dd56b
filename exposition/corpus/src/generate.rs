//! Pages shaped like those of real programs: names, label counts and number spellings in the mixture
//! a node exporter or a kube-state exporter shows. Deterministic, so that measurements can be compared.

use std::fmt::Write as _;

use crate::mutate::Dice;

/// About `samples` samples as a node exporter prints them: short labels, many floats.
pub fn node(samples: usize) -> Vec<u8> {
    let mut dice = Dice::new(1);
    let mut out = String::new();
    let mut written = 0;
    for family in 0.. {
        if written >= samples {
            break;
        }
        let subsystem = dice.pick(&[
            "cpu",
            "disk",
            "filesystem",
            "memory",
            "netstat",
            "network",
            "schedstat",
            "softnet",
            "vmstat",
        ]);
        let name = format!(
            "node_{subsystem}_{}_{family}_total",
            dice.pick(&["seconds", "bytes", "packets", "errors", "operations"])
        );
        let _ = writeln!(
            out,
            "# HELP {name} What the kernel counts in {subsystem} since it started.\n# TYPE {name} counter"
        );
        for member in 0..[1, 1, 8, 32, 64][dice.below(5)] {
            let labels = match dice.below(4) {
                0 => String::new(),
                1 => format!(
                    "{{cpu=\"{member}\",mode=\"{}\"}}",
                    dice.pick(&["idle", "iowait", "irq", "nice", "system", "user"])
                ),
                2 => format!(
                    "{{device=\"/dev/nvme{member}n1p1\",fstype=\"ext4\",mountpoint=\"/var/lib/volume-{member}\"}}"
                ),
                _ => format!("{{device=\"eth{member}\"}}"),
            };
            let _ = writeln!(out, "{name}{labels} {}", value(&mut dice));
            written += 1;
        }
    }
    out.into_bytes()
}

/// About `samples` samples as a kube-state exporter prints them: long labels, mostly 0 and 1.
pub fn kube(samples: usize) -> Vec<u8> {
    let mut dice = Dice::new(2);
    let mut out = String::new();
    for family in 0..samples.div_ceil(1000) {
        let name = format!(
            "kube_pod_{}_{family}",
            dice.pick(&["status_phase", "container_info", "status_ready", "labels"])
        );
        let _ = writeln!(
            out,
            "# HELP {name} [STABLE] What the API server says of each pod.\n# TYPE {name} gauge"
        );
        for pod in 0..samples.min(1000) {
            let _ = writeln!(
                out,
                "{name}{{namespace=\"team-{}\",pod=\"shop-{}-7d4b9c{pod:04x}-{:05x}\",uid=\"{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}\",phase=\"{}\"}} {}",
                pod % 37,
                dice.pick(&["frontend", "cart", "payment", "search"]),
                dice.below(1 << 20),
                dice.below(1 << 31),
                dice.below(1 << 16),
                dice.below(1 << 12),
                dice.below(1 << 12),
                dice.below(1 << 31),
                dice.pick(&["Running", "Pending", "Succeeded", "Failed"]),
                dice.below(2),
            );
        }
    }
    out.into_bytes()
}

/// About `samples` samples as a client library with histograms and summaries prints them.
pub fn client(samples: usize) -> Vec<u8> {
    let mut dice = Dice::new(3);
    let mut out = String::new();
    let bounds = [
        "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf",
    ];
    out.push_str("# HELP http_request_duration_seconds How long requests took.\n# TYPE http_request_duration_seconds histogram\n");
    for handler in 0..samples / 28 {
        let mut count = 0;
        for bound in bounds {
            count += dice.below(100);
            let _ = writeln!(
                out,
                "http_request_duration_seconds_bucket{{handler=\"/api/v1/{handler}\",le=\"{bound}\"}} {count}"
            );
        }
        let _ = writeln!(
            out,
            "http_request_duration_seconds_sum{{handler=\"/api/v1/{handler}\"}} {}",
            value(&mut dice)
        );
        let _ = writeln!(
            out,
            "http_request_duration_seconds_count{{handler=\"/api/v1/{handler}\"}} {count}"
        );
    }
    out.push_str(
        "# HELP rpc_duration_seconds How long calls took.\n# TYPE rpc_duration_seconds summary\n",
    );
    for service in 0..samples / 10 {
        for quantile in ["0.5", "0.9", "0.99"] {
            let _ = writeln!(
                out,
                "rpc_duration_seconds{{service=\"s{service}\",quantile=\"{quantile}\"}} {}",
                value(&mut dice)
            );
        }
        let _ = writeln!(
            out,
            "rpc_duration_seconds_sum{{service=\"s{service}\"}} {}",
            value(&mut dice)
        );
        let _ = writeln!(
            out,
            "rpc_duration_seconds_count{{service=\"s{service}\"}} {}",
            dice.below(1 << 30)
        );
    }
    out.into_bytes()
}

/// Numbers in the spellings Go prints: small integers, large ones with an exponent, fractions.
fn value(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => "0".into(),
        1 | 2 => dice.below(100_000).to_string(),
        3 => format!("{}.{:02}", dice.below(1_000_000), dice.below(100)),
        4 => format!(
            "{}.{:09}e+{:02}",
            1 + dice.below(9),
            dice.below(1 << 29),
            6 + dice.below(9)
        ),
        _ => format!("0.{:017}", dice.below(1 << 31)),
    }
}
