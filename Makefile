# make run: a soak run of two minutes (or DURATION), with everything it needs. make test: every check that CI does; make check: the fast half.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CSV ?= out.csv
DURATION ?= 2m
ARGS ?=
# Of all tests, and not of those that ARGS picks.
COVERAGE = $(if $(ARGS),,--cov=exporter)

.PHONY: run test check lint lint-web install drivers tools docs site conformance newest releases dashboards proto compose-test kubernetes-test clean

run: $(VENV)/installed
	$(BIN)/exporter --duration $(DURATION) --interval 250ms --mem-interval 5s --csv $(CSV) --csv-overwrite $(ARGS)

# The fast half: it takes nothing but Python, and less than a minute of tests.
check: lint
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not e2e and not system and not processes and not fuzz" $(ARGS)

test: export PATH := $(CURDIR)/$(BIN):$(PATH)
# Whole runs mostly wait, so that three at once keep two cores busy, and they come first: the short files fill the end.
test: lint lint-web tools
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --hypothesis-profile thorough $(COVERAGE) $(ARGS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/proselint check *.md docs

# The scripts and styles of the live page and of the report; takes Node.js.
lint-web: export PATH := $(CURDIR)/$(BIN):$(PATH)
lint-web: tools/web/node_modules/installed
	npm run --silent --prefix tools/web check

tools/web/node_modules/installed: tools/web/package.json tools/web/package-lock.json | tools
	npm ci --silent --prefix tools/web
	@touch $@

install: $(VENV)/installed

# The tools that tests use: Debian's, installed with root's rights or sudo, or else unpacked here, and PyPI's.
tools: $(VENV)/bin/python
	tools/install-tools

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than Python 3.11: name a newer one with make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { tools/install-tools python3-venv && $(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/python -m pip install --quiet --upgrade pip

# In the versions of the lock file, so that no release of others breaks a clone.
$(VENV)/installed: pyproject.toml requirements.lock $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[all]' --constraint <(sed -n 's/ \\$$//; /^[a-z]/p' requirements.lock)
	@touch $@

$(VENV)/installed-dev: pyproject.toml $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

# The drivers that are built or installed; else the first run that needs one does it.
drivers: $(VENV)/installed
	$(BIN)/python -m exporter.drivers.go_binding
	$(BIN)/python -m exporter.drivers.node_binding
	$(BIN)/python -m exporter.drivers.rust_binding

# Whether the registries serve newer SDKs than the drivers take.
newest: $(VENV)/installed-dev
	$(BIN)/python -m tools.newest_releases

# The hashes of the SDK's releases that the registry serves now.
releases: $(VENV)/installed-dev
	$(BIN)/python -m tools.sdk_releases

# The code for the messages in the .proto files.
proto: $(VENV)/installed-dev
	$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. $$(find exporter -name '*.proto')

# Grafana's dashboards, from the code in tools/dashboards.
dashboards: $(VENV)/installed-dev
	$(BIN)/python -m tools.dashboards

# The table of what two clients do on the local network; takes Node.js.
conformance: $(VENV)/installed-dev
	$(BIN)/python -m tools.conformance

# The reference pages, from what they describe.
docs: $(VENV)/installed-dev
	$(BIN)/python -m tools.cli_reference > docs/cli.md
	$(BIN)/python -m tools.metrics_reference > docs/metrics.md
	$(BIN)/python -m tools.csv_reference > docs/csv.md
	$(BIN)/python -m tools.chart_schema

# The documentation site, below build/site.
site: export NO_MKDOCS_2_WARNING := 1
site: $(VENV)/installed-dev
	$(BIN)/mkdocs build --quiet --strict

# Needs root, or an engine at hand; not a part of make test.
compose-test: $(VENV)/installed-dev
	tools/compose-test

# Needs root and Go, builds a Kubernetes the first time, and is not a part of make test.
kubernetes-test: $(VENV)/installed-dev tools
	tools/kubernetes-test

clean:
	rm -rf $(VENV) .tools tools/web/node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
