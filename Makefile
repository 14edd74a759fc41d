# The two commands are `make demo` and `make test`; neither needs anything set by hand. `make` alone lists the rest.

SHELL := /bin/bash
STYLES := assets/dist/careslot.css
# Other people's programs that the tests run.
TEST_TOOLS := scripts/test-tools/node_modules/.package-lock.json target/venv/installed
# What `make bench` measures: everything, or names, as in `make bench MEASURE="search booking"`.
MEASURE ?= all

.PHONY: help demo test assets test-tools bench soak advisories fmt lint

help: ## List the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## Install what is missing, build, run the whole network with a booking made through it, and stay up
	@scripts/install demo
	@$(MAKE) --no-print-directory assets
	cargo build --locked --release -p careslot
	target/release/careslot demo

test: ## Install what is missing and pass every test
	@scripts/install test
	@$(MAKE) --no-print-directory assets test-tools
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace

assets: $(STYLES) ## Compile what `cargo build` embeds and Rust does not make: the styles

$(STYLES): assets/careslot.scss assets/package.json assets/package-lock.json
	cd assets && npm ci --silent && npm run --silent build
	@touch $@

test-tools: $(TEST_TOOLS) ## Install the programs that read what `careslot export` writes, and the FHIR clients that book

scripts/test-tools/node_modules/.package-lock.json: scripts/test-tools/package.json scripts/test-tools/package-lock.json
	cd scripts/test-tools && npm ci --silent --ignore-scripts
	@touch $@

target/venv/installed: scripts/requirements-test.txt
	python3 -m venv --clear target/venv
	target/venv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

bench: ## Ratios, side by side, each against an anchor in the same run
	@scripts/install bench
	@$(MAKE) --no-print-directory assets
	cargo run --locked --release -p bench -- $(MEASURE)

# Every test again, in an optimised build: those that count read SOAK, property tests read PROPTEST_CASES.
soak: ## The long counts of the tests; `make test` has a short form of each
	@scripts/install test
	@$(MAKE) --no-print-directory assets test-tools
	SOAK=$${SOAK:-100} PROPTEST_CASES=$${PROPTEST_CASES:-20000} cargo test --locked --release --workspace

# cargo-deny takes minutes to build, so `make test` reads the same deny.toml with a test of its own (docs/adr).
advisories: ## Known weaknesses of dependencies, where the advisory database can be reached
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny --locked check

fmt: ## Lay the code out
	cargo fmt --all

lint: ## What the compiler and clippy say
	cargo clippy --locked --workspace --all-targets -- -D warnings
