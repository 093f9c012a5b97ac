# The index of commands; `make help` prints it. Everything lives in .venv (and .venv-train for training).

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)
VENV  := .venv
TRAIN := .venv-train
BIN   := $(VENV)/bin
SIDE_BY_SIDE = -n 2
# Two for tests that wait for their servers, and one for those that need none: see tests/conftest.py.
WITH_SERVERS = -n 3
PIP    = -m pip --disable-pip-version-check install --quiet --require-hashes
export PYTHONUTF8 = 1
# Hundreds of processes are started by the tests: what one has compiled the next need not compile again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check test-faults test-faults-quick fuzz mutants image-steps bench lint format generated locks \
	train train-quick corpus-card experiments test-train clean

help: ## Print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.done ## Make .venv with the flagpost command

demo: $(VENV)/.done ## Run one eventful Saturday through a real Kafka, the model and a real Elasticsearch
	@$(BIN)/flagpost demo

test: $(VENV)/.done-dev ## Run the checks and all tests (starts its own Kafka and Elasticsearch)
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -q $(WITH_SERVERS)

check: $(VENV)/.done-dev ## Lint, types, import rules, and the tests that need no server
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) tests/unit tests/contract tests/fuzz tests/mutants

test-faults: $(VENV)/.done-dev ## Break Kafka, Elasticsearch and workers in every way we know (an hour)
	@$(BIN)/python -m pytest -q -m faults tests/faults

test-faults-quick: $(VENV)/.done-dev ## One fault of each kind (minutes)
	@$(BIN)/python -m pytest -q -m "faults and not slow" $(SIDE_BY_SIDE) tests/faults

fuzz: $(VENV)/.done-dev ## 100,000 hostile inputs through codec, ingest and classify
	@$(BIN)/python -m tests.fuzz

mutants: $(VENV)/.done-dev ## Break the promise in small ways, on copies: every one must turn a test red
	@$(BIN)/python -m tests.mutants

image-steps: $(VENV)/.done-dev ## Run the build steps of deploy/Dockerfile without Docker, and try what they install (minutes)
	@$(BIN)/python -m tests.image

bench: $(VENV)/.done-dev $(TRAIN)/.done ## Measure throughput, latency and memory against the model alone and a naive pipeline
	@$(BIN)/python -m tests.performance

lint: $(VENV)/.done-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.done-dev ## Format the code
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

generated: $(VENV)/.done ## Regenerate the index templates, JSON Schemas, Kibana's objects and Grafana's dashboard
	@$(BIN)/python -m schemas.mapping && $(BIN)/python -m schemas.json_schema && $(BIN)/python -m pipeline.alert.rules_schema \
		&& $(BIN)/python -m deploy.kibana && $(BIN)/python -m deploy.grafana.dashboard

locks: ## Recompile requirements/*.txt from pyproject.toml (needs uv)
	@set -e; compile="uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --python-version 3.11"; \
	named="--custom-compile-command 'make locks'"; \
	eval $$compile $$named pyproject.toml --extra local --extra evaluate --extra dev --extra train -o requirements/train.txt; \
	eval $$compile $$named pyproject.toml -c requirements/train.txt -o requirements/base.txt; \
	eval $$compile $$named pyproject.toml --extra local --extra evaluate -c requirements/train.txt -o requirements/local.txt; \
	eval $$compile $$named pyproject.toml --extra local --extra evaluate --extra dev -c requirements/train.txt -o requirements/dev.txt; \
	eval $$compile $$named requirements/build.in -c requirements/train.txt -o requirements/build.txt

train: $(TRAIN)/.done ## Train, quantise, judge and release the model (needs torch: several GB)
	@$(TRAIN)/bin/python -m models.training $(if $(PROBES),--probes $(PROBES))

train-quick: $(TRAIN)/.done ## The same way in minutes, into .scratch/quick
	@$(TRAIN)/bin/python -m models.training --quick --out .scratch/quick

corpus-card: $(VENV)/.done-dev ## Recount the corpus for its data card
	@$(BIN)/python -m models.training.corpus_card

experiments: $(TRAIN)/.done ## Train variants of the recipe: make experiments NAMES="plain r-drop"
	@$(TRAIN)/bin/python -m models.training.experiments $(NAMES)

test-train: $(TRAIN)/.done ## Test the training
	@$(TRAIN)/bin/python -m pytest -q -m training tests/training

clean: ## Stop the local servers and remove the environments and all local state
	@-test -x $(BIN)/flagpost && $(BIN)/flagpost local down --wipe
	@rm -rf $(VENV) $(TRAIN) .flagpost .scratch

# The environments. A lock that changed is installed again.

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "flagpost needs Python 3.11, 3.12 or 3.13; none was found. Name one: make PYTHON=/path/to/python3.12 …"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) can't make a virtual environment (on Debian: apt install python3-venv)."; rm -rf $(VENV); exit 2; }

$(VENV)/.done: $(VENV)/bin/python requirements/local.txt requirements/build.txt pyproject.toml
	@echo "Installing flagpost into $(VENV) …"
	@$(BIN)/python $(PIP) -r requirements/build.txt -r requirements/local.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.done-dev: $(VENV)/.done requirements/dev.txt
	@$(BIN)/python $(PIP) -r requirements/dev.txt
	@touch $@

$(TRAIN)/.done: requirements/train.txt requirements/build.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "flagpost needs Python 3.11, 3.12 or 3.13; none was found."; exit 2; }
	@echo "Installing torch and what training needs into $(TRAIN): several GB …"
	@test -d $(TRAIN) || $(PYTHON) -m venv $(TRAIN)
	@$(TRAIN)/bin/python $(PIP) -r requirements/build.txt -r requirements/train.txt
	@$(TRAIN)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@
