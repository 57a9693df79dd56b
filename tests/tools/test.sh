#!/bin/sh
# Runs the tests and ends with one line that counts them: "N passed, N failed, N skipped".
#
#   tests/tools/test.sh all      everything: what `make test` and the build machine run
#   tests/tools/test.sh quick    formatting, lints, unit tests, goldens: what `make check` runs
#
# PROMONTORY_FUZZ_SECONDS (10) is the time of each fuzz target. A step that fails without saying how many tests failed,
# for example because it does not compile, counts as one failed test.
set -u
cd "$(dirname "$0")/../.."

log=$(mktemp)
part=$(mktemp)
trap 'rm -f "$log" "$part"' EXIT
broken=0

# Runs a command, shows what it prints, and keeps the lines that count.
step() {
    echo "== $*"
    { "$@" 2>&1; echo "exit status $?"; } | tee "$part" | grep -v '^exit status '
    grep '^test result: ' "$part" >>"$log"
    if ! grep -q '^exit status 0$' "$part" && ! grep -q '^test result: FAILED' "$part"; then
        echo "This step failed: $*"
        broken=$((broken + 1))
    fi
}

start=$(date +%s)
tests/tools/setup.sh || exit 1
case ${1:-all} in
quick)
    step cargo fmt --all --check
    step cargo clippy --quiet --workspace --all-targets -- -D warnings
    # The tests start the examples as programs; naming targets below leaves them out. Instructions are counted under
    # valgrind, which takes most of a minute.
    step cargo build --workspace --examples
    step cargo test --workspace --exclude promontory-tests --no-fail-fast --lib --bins --tests \
        -- --skip instructions::
    ;;
all)
    # The tests drive the programs as processes, so these come first.
    step cargo build --workspace --bins
    # Minutes the first time, nothing after that; ahead of the tests, so that no test waits for a compiler.
    step target/debug/peers
    step cargo test --workspace --no-fail-fast
    step tests/tools/fuzz.sh "${PROMONTORY_FUZZ_SECONDS:-10}"
    ;;
*)
    echo "test.sh knows all and quick, not $1." >&2
    exit 1
    ;;
esac

echo "Took $(($(date +%s) - start)) s."
awk -v broken="$broken" '
    { for (i = 2; i <= NF; i++) {
        if ($i == "passed;") passed += $(i - 1)
        if ($i == "failed;") failed += $(i - 1)
        if ($i == "ignored;" || $i == "ignored") skipped += $(i - 1) } }
    END { failed += broken
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0 }' "$log"
