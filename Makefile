# make study   a simulated study from nothing: environment, installation, run, report
# make test    the whole test suite
# make check   format, lint, types, import contracts
# The offline mirror of real faces and weights is used where it exists (LFR_EVAL_MIRROR).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

ifeq ($(origin LFR_EVAL_MIRROR),undefined)
ifneq ($(wildcard ../shared/mirror/README.md),)
export LFR_EVAL_MIRROR := $(abspath ../shared/mirror)
endif
endif
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup study test check format clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/it."; exit 1; }
	@echo "Installing lfr_eval and what it needs into $(VENV). This takes 5 to 15 minutes and prints nothing."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

study: $(STAMP)
	env -u OMP_NUM_THREADS $(BIN)/lfr-eval run

# Processes that tests start read what the first has compiled.
test: $(STAMP)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 2 --dist worksteal

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
