# Two commands do everything on a fresh machine: `make run` and `make test`.
VENV ?= .venv
BIN  := $(VENV)/bin
# Agents under test give up what they were started as; what they have measured has to lie where anybody may write.
# A pure package decides; nothing it does may go untested.
PURE := daemoneye/model/*,daemoneye/sanitize/*,daemoneye/lifecycle/*,daemoneye/supervisor/*,daemoneye/messages/*,daemoneye/gateway/*,daemoneye/integrity/*,daemoneye/hashing/*
# Whole agents live and die in some tests, beside everything else that a machine does: what fails has a second chance,
# without the others, and is told.
REMEMBERING = -o cache_dir=$$data/cache
ONLY_FAILED := --last-failed --last-failed-no-failures none
AGAIN := == once more, those that failed alone:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test check tests lint types bench chaos thespian proto lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(VENV)/.installed: requirements.lock pyproject.toml tools/bootstrap.sh
	@VENV=$(VENV) tools/bootstrap.sh

run: $(VENV)/.installed ## create the environment if needed, then start the agent (Ctrl-C stops it)
	@place=$$(mktemp -d) && chmod 755 $$place && trap "rm -rf $$place" EXIT && \
	  printf "paths: {state_dir: $$place/state, runtime_dir: $$place/run, log_dir: $$place/log}\n" >$$place/daemoneye.yaml && \
	  echo "in another terminal: $(BIN)/daemoneye selftest --config $$place/daemoneye.yaml" && \
	  $(BIN)/daemoneye run --config $$place/daemoneye.yaml

test: $(VENV)/.installed lint types check ## everything a change must pass: lint, types, tests, coverage gates

check: $(VENV)/.installed ## tests and coverage gates only
	@data=$$(mktemp -d); chmod 1777 $$data; trap "rm -rf $$data" EXIT; export COVERAGE_FILE=$$data/of; \
	PATH="$(CURDIR)/$(BIN):$$PATH"; \
	$(BIN)/coverage run -m pytest $(REMEMBERING) || { echo "$(AGAIN)"; \
	$(BIN)/coverage run -m pytest $(REMEMBERING) $(ONLY_FAILED); }; \
	$(BIN)/coverage combine -q; \
	echo "pure packages, branch coverage (gate: 95 %):"; \
	$(BIN)/coverage report --include='$(PURE)' --fail-under=95; \
	echo "the whole package, branch coverage (gate: 85 %):"; \
	$(BIN)/coverage report --fail-under=85

tests: $(VENV)/.installed ## tests only, or those of TESTS, as CI does on newer interpreters
	@data=$$(mktemp -d); trap "rm -rf $$data" EXIT; PATH="$(CURDIR)/$(BIN):$$PATH"; \
	$(BIN)/python -m pytest $(REMEMBERING) $(TESTS) || { echo "$(AGAIN)"; \
	$(BIN)/python -m pytest $(REMEMBERING) $(TESTS) $(ONLY_FAILED); }

lint: $(VENV)/.installed ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.installed ## mypy strict
	@$(BIN)/mypy

bench: $(VENV)/.installed ## every claim against its peer, in one run
	@for claim in benchmarks/[a-z]*.py; do echo "== $$claim"; $(BIN)/python "$$claim"; done

chaos: $(VENV)/.installed ## break things around the running program and see what holds
	@$(BIN)/python -m chaos

thespian: $(VENV)/.installed ## Thespian's own functional tests on our transport (a minute or two)
	@$(BIN)/python tools/thespian_suite.py

proto: $(VENV)/.installed ## compile proto/ into daemoneye/wire/generated
	@$(BIN)/python tools/compile_proto.py daemoneye/wire/generated

lock: $(VENV)/.installed ## pin every dependency again, with hashes
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra nats --generate-hashes --universal --python-version 3.11 \
	  --custom-compile-command "make lock" --upgrade --quiet --output-file requirements.lock

clean: ## remove what was built
	@rm -rf $(VENV) build dist .coverage .coverage.* .mypy_cache .ruff_cache .hypothesis
