# Badgepin's front door. `make help` is built from the comments behind the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
ARGS ?=
SETUP := .venv/.badgepin-setup
CLIENTS := .venv-clients/.badgepin-setup
NODE_CLIENTS := tests/clients/node/node_modules/.badgepin-setup
BROWSER_TOOLS := tests/browser/node/node_modules/.badgepin-setup
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --upgrade

.PHONY: help setup demo test check bench format lock docs clients-setup postgresql node chromium figures

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(SETUP) ## build .venv with everything in it, .venv/bin/badgepin too
	@echo "Ready: .venv/bin/badgepin"

demo: $(SETUP) ## start a server with a sample tenant and print what to try
	@$(BIN)/badgepin demo $(ARGS)

test: $(SETUP) clients-setup postgresql chromium ## run every test; choose some with ARGS="tests/domain -x"
	@$(BIN)/python -m pytest $(ARGS)

check: $(SETUP) ## check format, lint, types, import contracts, sizes, and docs against code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/architecture

bench: $(SETUP) postgresql ## measure the server on both databases and print the ratios
	@$(BIN)/python -m benchmarks $(ARGS)

format: $(SETUP) ## rewrite the code in the house's format and repair what the linter can repair
	@$(BIN)/ruff check --fix --exit-zero --quiet .
	@$(BIN)/ruff format .

docs: $(SETUP) ## write the generated pages of docs/ anew
	@$(BIN)/python scripts/settings_page.py
	@BADGEPIN_WRITE_PARITY=1 $(BIN)/python -m pytest -q tests/graph/test_parity.py

figures: $(SETUP) postgresql ## count the invariants anew and write docs/figures.md
	@rm -f docs/figures.md
	@BADGEPIN_WRITE_FIGURES=1 $(BIN)/python -m pytest -q tests/portal tests/oidc

lock: $(SETUP) node ## resolve every dependency anew and write the locks with their hashes
	@$(COMPILE) requirements/boot.in --output-file requirements/boot.txt
	@$(COMPILE) pyproject.toml --output-file requirements/base.txt
	@$(COMPILE) pyproject.toml --group dev --constraints requirements/base.txt --output-file requirements/dev.txt
	@$(COMPILE) requirements/clients.in --output-file requirements/clients.txt
	@for folder in tests/clients/node tests/browser/node; do bash scripts/node_lock.sh $$folder; done

clients-setup: $(CLIENTS) $(NODE_CLIENTS) $(BROWSER_TOOLS) ## install the unmodified clients and tools that the tests run

postgresql: ## make sure that PostgreSQL's server binaries are on this machine
	@compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || bash scripts/debian_package.sh postgresql

chromium: ## make sure that a browser for the tests is on this machine, and letters for every language
	@command -v chromium >/dev/null || bash scripts/debian_package.sh chromium
	@compgen -G '/usr/share/fonts/truetype/noto/NotoSansArabic*' >/dev/null || bash scripts/debian_package.sh fonts-noto-core

node: ## make sure that Node.js and npm are on this machine
	@command -v node >/dev/null || bash scripts/debian_package.sh nodejs
	@command -v npm >/dev/null || bash scripts/debian_package.sh npm

$(SETUP): requirements/boot.txt requirements/dev.txt pyproject.toml scripts/python_environment.sh
	@bash scripts/python_environment.sh .venv requirements/dev.txt --with-badgepin
	@touch $@

$(CLIENTS): requirements/boot.txt requirements/clients.txt scripts/python_environment.sh
	@bash scripts/python_environment.sh .venv-clients requirements/clients.txt
	@touch $@

$(BROWSER_TOOLS): tests/browser/node/package.json tests/browser/node/package-lock.json | node
	@npm ci --prefix tests/browser/node --no-audit --no-fund
	@touch $@

$(NODE_CLIENTS): tests/clients/node/package.json tests/clients/node/package-lock.json | node
	@npm ci --prefix tests/clients/node --no-audit --no-fund
	@touch $@
