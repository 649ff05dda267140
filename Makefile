# Badgepin's front door. `make help` is built from the comments behind the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
ARGS ?=
SETUP := .venv/.badgepin-setup
CLIENTS := .venv-clients/.badgepin-setup
PEERS := .venv-peers/.badgepin-setup
DEPLOYMENT := .venv-deployment/.badgepin-setup
NODE_CLIENTS := tests/clients/node/node_modules/.badgepin-setup
BROWSER_TOOLS := tests/browser/node/node_modules/.badgepin-setup
SECURITY := .venv-security/.badgepin-setup
SECURITY_BIN := .venv-security/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --upgrade

.PHONY: help setup demo test check deploy-check bench bench-batches bench-peers faults format lock docs screenshots clients-setup postgresql node chromium programs figures fault-tools mutate audit sbom fuzz conformance

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(SETUP) ## build .venv with everything in it, .venv/bin/badgepin too
	@echo "Ready: .venv/bin/badgepin"

demo: $(SETUP) ## start a server with a sample tenant and print what to try
	@$(BIN)/badgepin demo $(ARGS)

test: $(SETUP) clients-setup postgresql chromium programs ## run every test; choose some with ARGS="tests/domain -x"
	@$(if $(ARGS),$(BIN)/python -m pytest $(ARGS),bash scripts/all_tests.sh $(BIN)/python)

check: $(SETUP) ## check format, lint, types, import contracts, sizes, and docs against code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/architecture

deploy-check: $(DEPLOYMENT) ## lint the files of deploy/: systemd, container, compose, Kubernetes, alert rules
	@bash scripts/deployment_check.sh .venv-deployment

bench: $(SETUP) postgresql ## measure the server on both databases and print the ratios
	@$(BIN)/python -m benchmarks $(ARGS)

bench-batches: $(SETUP) ## make many badges over the API, beside their bare hashes and drawing: ARGS=1000
	@$(BIN)/python -m benchmarks.batches $(ARGS)

bench-peers: $(PEERS) ## install the servers that the bench compares with: node oidc-provider, privacyIDEA

faults: $(SETUP) postgresql fault-tools ## break things on purpose and count what went wrong: ARGS="--help" lists the experiments
	@$(BIN)/python -m faults $(ARGS)

format: $(SETUP) ## rewrite the code in the house's format and repair what the linter can repair
	@$(BIN)/ruff check --fix --exit-zero --quiet .
	@$(BIN)/ruff format .

docs: $(SETUP) ## write the generated pages of docs/ anew
	@$(BIN)/python scripts/settings_page.py
	@$(BIN)/python scripts/licences_page.py
	@BADGEPIN_WRITE_PARITY=1 $(BIN)/python -m pytest -q tests/graph/test_parity.py

screenshots: $(SETUP) chromium ## take the pictures of docs/pictures anew
	@$(BIN)/python -W ignore scripts/screenshots.py

figures: $(SETUP) postgresql ## count the invariants anew and write docs/figures.md
	@sed -i '/`make figures`/{/^| I/d}' docs/figures.md
	@BADGEPIN_WRITE_FIGURES=1 $(BIN)/python -m pytest -q $$(grep -rl --include='test_*.py' tests.figures tests)

lock: $(SETUP) node ## resolve every dependency anew and write the locks with their hashes
	@$(COMPILE) requirements/boot.in --output-file requirements/boot.txt
	@$(COMPILE) pyproject.toml --output-file requirements/base.txt
	@$(COMPILE) pyproject.toml --extra traces --constraints requirements/base.txt --output-file requirements/traces.txt
	@$(COMPILE) pyproject.toml --group dev --group faults --constraints requirements/base.txt --output-file requirements/dev.txt
	@$(COMPILE) pyproject.toml --group dev --group security --constraints requirements/dev.txt \
		--output-file requirements/security.txt
	@$(COMPILE) requirements/clients.in --output-file requirements/clients.txt
	@$(COMPILE) requirements/deployment.in --output-file requirements/deployment.txt
	@$(COMPILE) requirements/peers.in --output-file requirements/peers.txt
	@for folder in tests/clients/node tests/browser/node benchmarks/node; do bash scripts/node_lock.sh $$folder; done

mutate: $(SECURITY) postgresql ## put weaknesses into copies of the code: tests must turn red for each (over half an hour)
	@$(SECURITY_BIN)/python -m mutants $(ARGS)
	@bash scripts/mutate_domain.sh $(SECURITY_BIN)

fuzz: $(SECURITY) ## hand the readers that strangers reach half a minute of hostile bytes each
	@$(SECURITY_BIN)/python -m fuzz $(if $(ARGS),$(ARGS),all)
	@$(if $(ARGS),,BADGEPIN_WALKS=300 $(SECURITY_BIN)/python -m pytest -q -s tests/graph/test_hostile_input.py \
		tests/graph/test_walking_the_api.py)

conformance: $(SETUP) ## set a server up for the OpenID conformance suite, check it, and run the suite where CONFORMANCE_SUITE is it
	@$(BIN)/python -m conformance $(ARGS)

audit: $(SECURITY) ## look the locked packages up in the database of known vulnerabilities
	@bash scripts/dependency_audit.sh $(SECURITY_BIN)/pip-audit requirements/traces.txt

sbom: $(SECURITY) ## write the bill of materials, dist/badgepin.cdx.json (CycloneDX)
	@mkdir -p dist
	@$(SECURITY_BIN)/cyclonedx-py requirements requirements/base.txt --pyproject pyproject.toml \
		--output-reproducible --output-file dist/badgepin.cdx.json
	@echo "dist/badgepin.cdx.json"

clients-setup: $(CLIENTS) $(NODE_CLIENTS) $(BROWSER_TOOLS) ## install the unmodified clients and tools that the tests run

postgresql: ## make sure that PostgreSQL's server binaries are on this machine
	@compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || bash scripts/debian_package.sh postgresql

chromium: ## make sure that a browser for the tests is on this machine, and letters for every language
	@command -v chromium >/dev/null || bash scripts/debian_package.sh chromium
	@compgen -G '/usr/share/fonts/truetype/noto/NotoSansArabic*' >/dev/null || bash scripts/debian_package.sh fonts-noto-core

programs: ## make sure that curl and openssl, which the documents use, are on this machine
	@command -v curl >/dev/null || bash scripts/debian_package.sh curl
	@command -v openssl >/dev/null || bash scripts/debian_package.sh openssl

fault-tools: ## make sure that what `make faults` breaks things with is on this machine: HAProxy, faketime, strace
	@test -x /usr/sbin/haproxy || bash scripts/debian_package.sh haproxy
	@command -v faketime >/dev/null || bash scripts/debian_package.sh faketime
	@command -v strace >/dev/null || bash scripts/debian_package.sh strace

node: ## make sure that Node.js and npm are on this machine
	@command -v node >/dev/null || bash scripts/debian_package.sh nodejs
	@command -v npm >/dev/null || bash scripts/debian_package.sh npm

$(SETUP): requirements/boot.txt requirements/dev.txt pyproject.toml scripts/python_environment.sh
	@bash scripts/python_environment.sh .venv requirements/dev.txt --with-badgepin
	@touch $@

$(CLIENTS): requirements/boot.txt requirements/clients.txt scripts/python_environment.sh
	@bash scripts/python_environment.sh .venv-clients requirements/clients.txt
	@touch $@

$(SECURITY): requirements/boot.txt requirements/security.txt pyproject.toml scripts/python_environment.sh
	@bash scripts/python_environment.sh .venv-security requirements/security.txt --with-badgepin
	@touch $@

$(PEERS): requirements/boot.txt requirements/peers.txt benchmarks/node/package-lock.json | node
	@bash scripts/python_environment.sh .venv-peers requirements/peers.txt
	@npm ci --prefix benchmarks/node --no-audit --no-fund
	@touch $@

$(DEPLOYMENT): requirements/boot.txt requirements/deployment.txt scripts/python_environment.sh
	@bash scripts/python_environment.sh .venv-deployment requirements/deployment.txt
	@touch $@

$(BROWSER_TOOLS): tests/browser/node/package.json tests/browser/node/package-lock.json | node
	@npm ci --prefix tests/browser/node --no-audit --no-fund
	@touch $@

$(NODE_CLIENTS): tests/clients/node/package.json tests/clients/node/package-lock.json | node
	@npm ci --prefix tests/clients/node --no-audit --no-fund
	@touch $@
