# Needs only make and Python 3.11 to 3.13 with venv. PYTHON=python3.12 picks another one.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check clean

# The stamp is newer than the environment's list of packages: editing that list installs again.
$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(VENV)/.ready
	$(BIN)/tenbit sample demo/sample.dng --overwrite
	$(BIN)/tenbit develop demo/sample.dng -c standard -o 'demo/sample.{ext}' --overwrite
	$(BIN)/tenbit develop demo/sample.dng -c monitor -o 'demo/sample-monitor.{ext}' --overwrite

test: $(VENV)/.ready
	$(BIN)/python -m pytest

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build dist demo *.egg-info
