#!/bin/sh
# Runs each fuzz target of the formats for SECONDS (20 if not said) and prints a line a target, in the
# words of cargo test: "test fuzz::TARGET ... ok". Exit 1 if one found something.
#
#   tests/tools/fuzz.sh [SECONDS [TARGET…]]
#
# Stable Rust, no sanitizer: the crate has no unsafe code, so panics, time and memory are what can go wrong.
set -eu

seconds=${1:-20}
[ $# -gt 0 ] && shift
root=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)
cd "$root/exposition"

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "Installing cargo-fuzz (once)."
    cargo install --quiet --locked cargo-fuzz --version 0.13.2
fi

[ $# -gt 0 ] || set -- text openmetrics protobuf inflate accept roundtrip
(cd fuzz && cargo run --quiet --release --bin seeds)

failed=0
passed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for target in "$@"; do
    if cargo fuzz run -s none "$target" -- -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "test fuzz::$target ... ok ($runs inputs in $seconds s)"
        passed=$((passed + 1))
    else
        echo "test fuzz::$target ... FAILED"
        tail -n 40 "$log"
        failed=$((failed + 1))
    fi
done
if [ "$failed" -gt 0 ]; then
    echo "test result: FAILED. $passed passed; $failed failed; 0 ignored"
    exit 1
fi
echo "test result: ok. $passed passed; 0 failed; 0 ignored"
