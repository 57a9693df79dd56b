#!/bin/sh
# Installs what the tests and `make up` need beside Rust and Go, with the ordinary clients, and only what is missing.
# Rust and Go themselves are yours to choose: this says what is missing and where to get it.
set -eu

missing=0
need() {
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "Missing: $1. $2" >&2
        missing=1
    fi
}
need cargo "Install Rust 1.90 or newer: rustup installs it"
need go "Install Go 1.26 or newer"
[ "$missing" -eq 0 ] || exit 1

packages=""
command -v cc >/dev/null 2>&1 || packages="$packages gcc libc6-dev"
command -v curl >/dev/null 2>&1 || packages="$packages curl"
command -v openssl >/dev/null 2>&1 || packages="$packages openssl"
# Counts system calls in tests and benches.
command -v strace >/dev/null 2>&1 || packages="$packages strace"
# Counts instructions in tests.
command -v valgrind >/dev/null 2>&1 || packages="$packages valgrind"
command -v python3 >/dev/null 2>&1 || packages="$packages python3"
# On Debian, venv is a package of its own.
python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || packages="$packages python3-venv"
# The pages of the pushgateway are tested in a real browser, driven by its own driver.
command -v chromedriver >/dev/null 2>&1 || packages="$packages chromium chromium-driver"
# The Node client of the pushgateway; on Debian, npm is a package of its own.
command -v node >/dev/null 2>&1 || packages="$packages nodejs"
command -v npm >/dev/null 2>&1 || packages="$packages npm"
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing:$packages. Install them with your package manager." >&2
    exit 1
fi
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
echo "Installing:$packages"
$sudo apt-get update -qq
# shellcheck disable=SC2086 # a list of words is meant
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
