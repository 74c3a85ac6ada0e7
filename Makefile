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
PYTHON_FILES := callback_plugin tests/clients/assistants.py tests/clients/check.py tests/clients/client.py tests/clients/hooks.py tests/conformance scripts/demo scripts/ansible-version scripts/foreign-runs scripts/picture
# Only evaluated when Python is known to exist, hence `=`.
CURRENT = $(shell $(PYTHON) scripts/ansible-version current)
# The recorder that benchmarks compare Playback with; only `make bench` uses it.
ARA = ara[server]==1.8.0
OLDEST = $(shell $(PYTHON) scripts/ansible-version oldest)
VERSIONS = $(shell $(PYTHON) scripts/ansible-version all)
# An environment is made by the interpreter that runs its ansible-core: see scripts/ansible-version.
python_for = PYTHON=$$($(PYTHON) scripts/ansible-version python $(1))
# What the tools in scripts/ways.txt run on, and what ARA is measured beside.
WAYS = ansible-core==$(shell $(PYTHON) scripts/ansible-version ways).*

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ui ## Build the collector and command line, with the web UI in it: target/release/playback
	@scripts/prerequisites cargo cc
	cargo build $(CARGO_FLAGS) --release --bin playback
	@scripts/split-debug $(PLAYBACK)

# The web UI. It is embedded into the collector if it was built before it; `cargo build` needs no Node.
UI := ui/dist/index.html
UI_PACKAGES := ui/node_modules/.package-lock.json
UI_SOURCES := $(shell find ui/src ui/public ui/scripts ui/index.html ui/vite.config.ts -type f -not -name schema.d.ts 2>/dev/null)
NPM := scripts/with-node npm --prefix ui

.PHONY: ui
ui: $(UI) ## Build the web UI: ui/dist

$(UI_PACKAGES): ui/package-lock.json
	@scripts/prerequisites python
	$(NPM) ci --no-audit --no-fund --silent
	@touch $@

$(UI): $(UI_PACKAGES) $(UI_SOURCES) tests/it/snapshots/it__documented__openapi.snap
	$(NPM) run --silent types
	$(NPM) run --silent build
	@touch $@

.PHONY: ui-check ui-browser pictures
ui-check: $(UI_PACKAGES) ## Check types, lints and formatting of the web UI, and run its unit tests
	$(NPM) run --silent types
	$(NPM) run --silent check
	$(NPM) test --silent

# Not empty: everything, also further forms, versions and servers of what `make test` proves by one or two.
WHOLE ?=

BROWSER = PLAYBACK_TEST_WHOLE=$(WHOLE) PLAYBACK_BIN=$(abspath $(TARGET_DIR)/debug/playback) PLAYBACK_TEST_ANSIBLE=$(abspath .venv/ansible/bin) \
	$(NPM) run --silent

ui-browser: WHOLE = 1
ui-browser: ui ansible ## Test the web UI in a browser, with a real collector
	@scripts/prerequisites cargo cc chromium
	cargo build $(CARGO_FLAGS) --bin playback
	$(BROWSER) e2e

pictures: ui ansible ## Make the pictures of the documentation anew, from runs of the examples: docs/pictures
	@scripts/prerequisites cargo cc chromium git
	cargo build $(CARGO_FLAGS) --bin playback
	$(BROWSER) pictures

.PHONY: wheel
wheel: tools ## Build the recorder: one wheel in dist/
	@scripts/prerequisites cargo cc
	rm -f dist/*.whl
	$(TOOLS)/maturin build $(CARGO_FLAGS) --release --quiet -i $(TOOLS)/python -m callback_plugin/Cargo.toml -o dist

.PHONY: demo
demo: build wheel ansible ## Record the example playbooks and show the history; ONCE=1 ends after that
	@scripts/prerequisites curl jq ssh
	@scripts/demo --playback $(PLAYBACK) --ansible .venv/ansible/bin --port $(DEMO_PORT) $(if $(filter-out 0 no,$(ONCE)),--once)

# The cheap failures come first, and the last lines are what the test runners say. `cargo test --no-run` builds the
# collector too: `cargo build` would build it, and many crates, once more with other features. The same build lints what
# it compiles: `cargo clippy` would read every crate a second time. Tests wait more than they compute, so there are more
# of them at a time than there are cores.
.PHONY: test whole
test: style ui-check ui wheel ansible oldest versions ways ## Run all checks, and all tests but the longest and the further forms of the same, which `make whole` runs
	@scripts/prerequisites btrfs chromium curl faketime ip jq mariadb nginx node openssl postgresql prometheus sqlite3 ssh
	$(LINTING) cargo test $(CARGO_FLAGS) --workspace --exclude playback-recorder --all-targets --no-run
	$(CLIPPY) --package playback-recorder -- -D warnings
	.venv/ansible/bin/python -m pytest -n 3 callback_plugin/tests
	@scripts/environment clients @scripts/clients.txt
	$(CHECK_CLIENTS)
	@scripts/environment assistants @scripts/assistants.txt
	$(CHECK_ASSISTANTS)
	$(BROWSER) e2e
	scripts/demo --playback $(TARGET_DIR)/debug/playback --ansible .venv/ansible/bin --port 0 --once > /dev/null
	$(CONFORMANCE) -m pytest -n 3 tests/conformance $(if $(WHOLE),--whole)
	$(TESTING) -- $(addprefix --skip ,$(LONGEST))

# What it needs is made with the same variable.
whole: WHOLE = 1
whole: test recorder ## Run all tests: those of `make test` in every form, the longest ones, and every version of ansible-core with everything
	$(TESTING) --test it -- $(LONGEST)

TESTING = PLAYBACK_TEST_ANSIBLE=$(abspath .venv/ansible/bin) PLAYBACK_TEST_ANSIBLE_OLDEST=$(abspath .venv/oldest/bin) \
	PLAYBACK_TEST_ANSIBLE_EACH='$(foreach version,$(VERSIONS),$(abspath .venv/core-$(version)/bin))' \
	PLAYBACK_TEST_WHOLE=$(WHOLE) RUST_TEST_THREADS=$(or $(RUST_TEST_THREADS),3) $(LINTING) cargo test $(CARGO_FLAGS) --workspace --exclude playback-recorder
LONGEST = $(shell sed '/^\#/d; /^$$/d' tests/it/whole.txt)

.PHONY: recorder
recorder: wheel ## Run all tests of the recorder on every ansible-core
	@for version in $(VERSIONS); do \
		$(call python_for,$$version) scripts/environment recorder-$$version \
			"ansible-core==$$version.*" @scripts/pytest.txt dist/*.whl; \
		.venv/recorder-$$version/bin/python -m pytest -n 3 callback_plugin/tests --whole; \
	done

# Compiles the crates of this workspace with the lints of `cargo clippy -- -D warnings`, which compiles nothing.
LINTING = RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__

CONFORMANCE = CONFORMANCE_ANSIBLE='$(foreach version,$(VERSIONS),$(version)=$(abspath .venv/core-$(version)/bin))' \
	PLAYBACK_TEST_WAYS=$(abspath .venv/ways/bin) PLAYBACK_BIN=$(abspath $(TARGET_DIR)/debug/playback) $(TOOLS)/python

.PHONY: conformance
conformance: tools versions ways ## Compare every record with what happened, on every ansible-core; or the record of PLAYBOOK=… INVENTORY=…
	@scripts/prerequisites cargo cc ssh
	cargo build $(CARGO_FLAGS) --bin playback
ifdef PLAYBOOK
	$(CONFORMANCE) tests/conformance/foreign.py --ansible '$(or $(ANSIBLE),.venv/core-$(lastword $(VERSIONS))/bin)' \
		$(if $(INVENTORY),--inventory '$(INVENTORY)') '$(PLAYBOOK)' $(if $(ARGUMENTS),-- $(ARGUMENTS))
else
	$(CONFORMANCE) -m pytest -n 2 tests/conformance --whole
endif

.PHONY: foreign
foreign: $(if $(TARGETS),ansible) ## Compare the records of Ansible's own test suite with what happened: TARGETS=…/ansible/test/integration ONLY='tags handlers'
ifndef TARGETS
	@echo "Name a checkout of ansible's integration tests, which is not changed, and nothing is fetched:"
	@echo "    make foreign TARGETS=/path/to/ansible/test/integration [ONLY='tags handlers'] [TIMEOUT=300]"
	@exit 2
else
	cargo build $(CARGO_FLAGS) --bin playback
	PLAYBACK_BIN=$(abspath $(TARGET_DIR)/debug/playback) $(TOOLS)/python tests/conformance/targets.py \
		--ansible '$(or $(ANSIBLE),.venv/ansible/bin)' --only '$(ONLY)' --timeout $(or $(TIMEOUT),300) '$(TARGETS)'
endif

CHECK_CLIENTS = .venv/clients/bin/python tests/clients/check.py $(TARGET_DIR)/debug/playback
CHECK_ASSISTANTS = .venv/assistants/bin/python tests/clients/assistants.py $(TARGET_DIR)/debug/playback --ansible .venv/ansible/bin

.PHONY: clients fuzz
clients: ansible ## Validate the OpenAPI document, test clients generated from it, and ask /mcp with its official client
	@scripts/prerequisites cargo cc node
	@scripts/environment clients @scripts/clients.txt
	@scripts/environment assistants @scripts/assistants.txt
	cargo build $(CARGO_FLAGS) --bin playback
	$(CHECK_CLIENTS)
	$(CHECK_ASSISTANTS)

fuzz: ## Send a collector random requests that the OpenAPI document allows; EXAMPLES=500 sends more
	@scripts/prerequisites cargo cc
	@scripts/environment clients @scripts/clients.txt
	cargo build $(CARGO_FLAGS) --bin playback
	$(CHECK_CLIENTS) --fuzz --examples $(or $(EXAMPLES),50)

FOREIGN = $(if $(KEEP),tests/it/foreign/recorded,.venv/foreign/recorded)

.PHONY: imports
imports: wheel ansible oldest ## Record with ARA and Ansible's callbacks, and compare the imports with our record; KEEP=1 keeps the recordings for make test
	@scripts/prerequisites cargo cc postgresql sqlite3 ssh
	cargo build $(CARGO_FLAGS) --bin playback
	rm -rf $(FOREIGN)
	scripts/foreign-runs $(FOREIGN) --playback $(TARGET_DIR)/debug/playback --wheel dist/*.whl \
		--newest .venv/ansible/bin --oldest .venv/oldest/bin
	PLAYBACK_TEST_WHOLE=1 PLAYBACK_TEST_FOREIGN=$(abspath $(FOREIGN)) cargo test $(CARGO_FLAGS) --workspace --exclude playback-recorder --test it -- foreign::

.PHONY: lint style
lint: style ## Check formatting, lints and types, changing nothing
	$(CLIPPY) --workspace -- -D warnings

style: tools
	@scripts/prerequisites cargo cc
	cargo fmt --all --check
	$(TOOLS)/ruff format --check $(PYTHON_FILES)
	$(TOOLS)/ruff check $(PYTHON_FILES)
	cd callback_plugin && $(abspath $(TOOLS))/mypy --strict .
	cd tests/conformance && $(abspath $(TOOLS))/mypy .
	$(TOOLS)/mypy --strict --scripts-are-modules scripts/demo scripts/ansible-version scripts/foreign-runs scripts/picture

CLIPPY = PYO3_PYTHON=$(abspath $(TOOLS)/python) cargo clippy $(CARGO_FLAGS) --all-targets

.PHONY: bench
bench: build wheel beside-ara ara ## Measure against the targets, as one table; ROWS='T3 T7' measures only these
	@scripts/prerequisites chromium mariadb postgresql
	PLAYBACK_BENCH_ANSIBLE=$(abspath .venv/beside-ara/bin) PLAYBACK_BENCH_ARA=$(abspath .venv/ara/bin) \
		cargo bench $(CARGO_FLAGS) --bench load -- $(ROWS)

.PHONY: audit
audit: ## Check licences, sources and advisories of what we depend on (installs cargo-deny on first use)
	@scripts/prerequisites cargo cc
	@[ -x .venv/cargo/bin/cargo-deny ] || cargo install --locked --root .venv/cargo cargo-deny
	.venv/cargo/bin/cargo-deny check bans licenses sources
	@scripts/advisories .venv/cargo/bin/cargo-deny

.PHONY: clean
clean: ## Remove what the other targets made, except cargo's own folder
	rm -rf .venv .demo dist

# Environments: maturin and linters; the newest ansible-core that an interpreter here runs; the oldest; all of them, and
# which were left out; other tools that run Ansible.
.PHONY: tools ansible oldest versions ara beside-ara ways
tools:
	@scripts/prerequisites python
	@scripts/environment tools @scripts/tools.txt
ansible: wheel
	@version=$(CURRENT); $(call python_for,$$version) scripts/environment ansible "ansible-core==$$version.*" @scripts/pytest.txt dist/*.whl
beside-ara: wheel
	@scripts/environment beside-ara '$(WAYS)' dist/*.whl
ara:
	@scripts/prerequisites python
	@scripts/environment ara '$(WAYS)' '$(ARA)'
versions: wheel
	@$(PYTHON) scripts/ansible-version report
	@printf '%s\n' $(VERSIONS) | xargs -P 2 -I '{}' bash -c \
		'$(call python_for,{}) scripts/environment core-{} "ansible-core=={}.*" dist/*.whl'
oldest: wheel
	@version=$(OLDEST); $(call python_for,$$version) scripts/environment oldest "ansible-core==$$version.*" @scripts/pytest.txt dist/*.whl
ways: wheel
	@scripts/prerequisites git
	@scripts/environment ways '$(WAYS)' @scripts/pytest.txt @scripts/ways.txt dist/*.whl
