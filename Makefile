# The front door. `make run` and `make test` do all that a fresh machine needs.
SHELL := /bin/bash
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/clustermaster/target
BIN := $(CARGO_TARGET_DIR)/debug

.DEFAULT_GOAL := help
.PHONY: help run test build web lint fmt deny audit bench setup psql-url

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

setup: ## Install what is missing on this machine
	@scripts/setup run

web: setup ## Build the web interface, where it is missing or older than its sources
	@scripts/web test

build: setup
	@scripts/web run
	cargo build --locked --bin clustermaster --bin clustermaster-audit

run: build ## Install what is missing, build, and run the hub (ARGS="--listen 127.0.0.1:9000")
	@exec $(BIN)/clustermaster serve --data-dir ./.clustermaster $(ARGS)

audit: build ## Run the audit tool (ARGS="verify")
	@exec $(BIN)/clustermaster-audit $(ARGS)

psql-url: ## Print the address of the built-in database, for psql
	@exec $(BIN)/clustermaster database-url --data-dir ./.clustermaster

test: ## The gate: formatting, lints, licences, every test, the API against its document, the interface in a browser
	@scripts/test

lint: ## Formatting and lints only
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

fmt: ## Format the code
	cargo fmt --all

deny: ## Licences, sources and bans of the dependencies
	@scripts/deny

bench: setup ## Measure (ARGS="append"); see tests/benches/README.md
	cargo run --release --locked --bin bench -- $(ARGS)
