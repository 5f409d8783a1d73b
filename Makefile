# songpop's targets. Only python3 (3.11 to 3.13) and make are needed; everything else goes into .venv/.
PYTHON ?= python3
BIN := .venv/bin
# the embedded run keeps its synthetic data away from a warehouse of your own
DEMO_HOME ?= demo
ROWS ?= 200000

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format bench bench-quality bench-enrich web clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: .venv/.done  ## make .venv/ with the locked versions; .venv/bin/songpop is then the command

.venv/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"songpop needs Python 3.11 to 3.13, however $(PYTHON) is {v[0]}.{v[1]}. Name another: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked packages into .venv/ (about 2 minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup  ## a whole night on the embedded synthetic sample, then the ranked list; no keys
	@$(BIN)/songpop nightly --sample --home $(DEMO_HOME)
	@$(BIN)/songpop export releases --limit 20 --format table --home $(DEMO_HOME)

web: setup  ## the web page of the demo at http://127.0.0.1:8000
	@test -f $(DEMO_HOME)/warehouse/published.duckdb || { echo "The demo has no published file yet. Run it first: make run"; exit 1; }
	@$(BIN)/songpop web --home $(DEMO_HOME)

test: setup  ## pass the tests (offline, 11 minutes on 2 cores)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup  ## style of Python and SQL, types, dead code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqruff --parsing-errors lint sql docs/queries
	@$(BIN)/mypy
	@$(BIN)/vulture

format: setup  ## mend what ruff and sqruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqruff fix sql docs/queries

bench: setup  ## seconds, rows a second and peak memory of each step: make bench ROWS=1159764
	@$(BIN)/python -m benchmarks.night --rows $(ROWS)

bench-quality: setup  ## every contestant on the same rows of every split: make bench-quality
	@$(BIN)/python -m benchmarks.quality

bench-enrich: setup  ## enrichment against a service on loopback: calls, budgets, kills, throughput
	@$(BIN)/python -m benchmarks.enriching

clean:  ## remove .venv/, the demo and what tests left
	@rm -rf .venv $(DEMO_HOME) .hypothesis .pytest_cache .mypy_cache .ruff_cache
