# Needs Python 3.11+ and make. Every target makes its own environment in .venv first.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run dev test test-slow check backtest bench lock clean

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 20

setup: .venv/.installed  ## The environment, from the hashed lock

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (about a minute, once)"
	@# --no-deps: the lock is complete, and pip asks for no hash of what it does not resolve.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup  ## Raw exports to tables, attainment, forecast and report; the sample company where there is no data
	@test -n "$$(ls -A data 2>/dev/null)" || $(BIN)/kpi sample data --exports-only
	@$(BIN)/kpi run

dev: setup  ## The Dagster UI, on this machine only
	@DAGSTER_HOME="$$($(BIN)/python -m dagster_project.defs.instance)" PATH="$(CURDIR)/$(BIN):$$PATH" \
		$(BIN)/dagster dev -h 127.0.0.1 -m dagster_project.definitions

check: setup  ## Lint, types, definitions, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint dbt/models/calendar dbt/models/ga4 dbt/models/kpi --disable-progress-bar
	@$(BIN)/kpi check
	@$(BIN)/kpi compile --check

test: setup  ## The tests that a newcomer runs; at most five minutes
	@$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-slow: setup  ## Kills, load, many nights, a browser; at most 25 minutes
	@# The report is opened in a browser; where none is found and none can be installed, that test says so.
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 \
		&& apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
		|| echo "No Chromium here: the browser test is going to be skipped"
	@$(BIN)/python -m pytest -m slow -n 2 --dist loadfile

backtest: setup  ## What the forecast is worth on real series: error, coverage, calibration (needs KPI_TEST_DATA)
	@$(BIN)/python -m dagster_project.forecast.backtest_main

bench: setup  ## What checking, compiling and nights cost; some minutes (EVENTS=10000000 for more)
	@$(BIN)/python -W ignore bench/compile_speed.py
	@$(BIN)/python -W ignore bench/nights.py $(if $(EVENTS),--events $(EVENTS))

lock: setup  ## Renew requirements.lock: hashed, for every platform, without addresses
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/python -m uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements.lock

clean:  ## What runs and tests wrote; data, landing, state and outputs stay
	@rm -rf .kpi dbt/target dbt/logs .pytest_cache .mypy_cache .ruff_cache
