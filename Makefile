# Everything that a person or CI does with this project. Each target does its own set-up: on a Debian-like machine
# with Rust, Python 3.10 or later and make, nothing needs to be installed by hand. `make help` lists the targets.

PYTHON ?= python3
DEMO_PORT ?= 8080
# The lock file decides which versions are built, here as everywhere.
CARGO_FLAGS ?= --locked

export PYTHON
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
PLAYBACK := $(TARGET_DIR)/release/playback
TOOLS := .venv/tools/bin
# Only looked at once Python is known to be there, hence `=`.
CURRENT = ansible-core==$(shell $(PYTHON) scripts/ansible-version current).*
# What others measure themselves against; used by `make bench` alone.
ARA = ara[server]==1.8.0
OLDEST = ansible-core==$(shell $(PYTHON) scripts/ansible-version oldest).*

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the collector and command line: target/release/playback
	@scripts/prerequisites cargo cc
	cargo build $(CARGO_FLAGS) --release --bin playback

.PHONY: wheel
wheel: tools ## Build the recorder: one wheel in dist/
	@scripts/prerequisites cargo cc
	rm -f dist/*.whl
	$(TOOLS)/maturin build $(CARGO_FLAGS) --release --quiet -i $(TOOLS)/python -m callback_plugin/Cargo.toml -o dist

.PHONY: demo
demo: build wheel ansible ## Record the example playbooks and show the history; ONCE=1 ends after that
	@scripts/prerequisites curl jq ssh
	@scripts/demo --playback $(PLAYBACK) --ansible .venv/ansible/bin --port $(DEMO_PORT) $(if $(filter-out 0 no,$(ONCE)),--once)

# The cheap failures come first, and the last lines are what the test runners say.
.PHONY: test
test: lint wheel ansible oldest ## Run all checks and all tests
	@scripts/prerequisites curl jq mariadb node openssl postgresql ssh
	.venv/ansible/bin/python -m pytest callback_plugin/tests
	.venv/oldest/bin/python -m pytest callback_plugin/tests
	PYO3_PYTHON=$(abspath $(TOOLS)/python) PYO3_BUILD_EXTENSION_MODULE=1 \
		cargo test $(CARGO_FLAGS) --package playback-recorder --test native
	PLAYBACK_TEST_ANSIBLE=$(abspath .venv/ansible/bin) PLAYBACK_TEST_ANSIBLE_OLDEST=$(abspath .venv/oldest/bin) \
		cargo test $(CARGO_FLAGS) --workspace --exclude playback-recorder

.PHONY: lint
lint: tools ## Check formatting, lints and types, changing nothing
	@scripts/prerequisites cargo cc
	cargo fmt --all --check
	$(TOOLS)/ruff format --check callback_plugin scripts/demo scripts/ansible-version
	$(TOOLS)/ruff check callback_plugin scripts/demo scripts/ansible-version
	cd callback_plugin && $(abspath $(TOOLS))/mypy --strict .
	$(TOOLS)/mypy --strict --scripts-are-modules scripts/demo scripts/ansible-version
	PYO3_PYTHON=$(abspath $(TOOLS)/python) cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

.PHONY: bench
bench: build wheel ansible ara ## Measure against the targets, as one table; ROWS='T3 T7' measures these alone
	@scripts/prerequisites mariadb postgresql
	PLAYBACK_BENCH_ANSIBLE=$(abspath .venv/ansible/bin) PLAYBACK_BENCH_ARA=$(abspath .venv/ara/bin) \
		cargo bench $(CARGO_FLAGS) --bench load -- $(ROWS)

.PHONY: audit
audit: ## Check licences and sources of what we depend on (installs cargo-deny on first use)
	@scripts/prerequisites cargo cc
	@[ -x .venv/cargo/bin/cargo-deny ] || cargo install --locked --root .venv/cargo cargo-deny
	.venv/cargo/bin/cargo-deny check bans licenses sources

.PHONY: clean
clean: ## Remove what the other targets made, but for cargo's own folder
	rm -rf .venv .demo dist

# Environments: maturin and linters; the newest ansible-core for this Python; the oldest that we support.
.PHONY: tools ansible oldest ara
tools:
	@scripts/prerequisites python
	@scripts/environment tools @scripts/tools.txt
ansible: wheel
	@scripts/environment ansible '$(CURRENT)' @scripts/pytest.txt dist/*.whl
ara:
	@scripts/prerequisites python
	@scripts/environment ara '$(CURRENT)' '$(ARA)'
oldest: wheel
	@scripts/environment oldest '$(OLDEST)' @scripts/pytest.txt dist/*.whl
