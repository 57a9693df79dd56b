# A thin front. Each target says what it runs; everything can be run without make as well.
.DEFAULT_GOAL := help
.PHONY: up test slow check bench lint help

# Extra arguments: `make up ARGS=--once` ends after the check.
ARGS ?=

up: ## Start the three programs, an API server and a real Prometheus on loopback, prove that they work, stay until Ctrl-C
	@tests/tools/setup.sh
	@cargo build -p pushgateway -p node-exporter -p kube-state-exporter -p promontory-tests --bins
	@exec target/debug/up $(ARGS)

test: ## Run every test; the last line counts
	@tests/tools/test.sh all

slow: ## Run the long versions of the pushgateway's tests: a thousand kills, fifty random sequences (ten minutes)
	@tests/tools/setup.sh
	@cargo build -p pushgateway
	@PROMONTORY_KILLS=1000 PROMONTORY_SEEDS=50 cargo test -p promontory-tests --test it -- kill:: random:: --skip kube --nocapture

check: ## Run the quick part: formatting, lints, unit tests, goldens
	@tests/tools/test.sh quick

bench: ## Print the table: ours, the real program, the limit
	@tests/tools/setup.sh
	@cargo build --release -p pushgateway -p node-exporter -p kube-state-exporter
	@cargo bench -p promontory-tests --bench table -- $(ARGS)

lint: ## Formatting and clippy, warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

help: ## Show this list
	@sed -n 's/^\([a-z]*\): ## /\1\t/p' Makefile | expand -t 8
