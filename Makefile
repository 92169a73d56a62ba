# Towpath's two commands are `make demo` and `make test`; `make` alone explains the rest.
# Every target prepares what it needs (scripts/setup.py); a second run starts at once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint bench screenshots reference requirements clean

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell sh scripts/find-python.sh)
SETUP = $(if $(PYTHON),,$(error No Python 3.11 or newer found: sudo apt-get install -y python3 python3-venv))$(PYTHON) scripts/setup.py

PG ?= 1
KILLS ?= 50
SEED := $(or $(SEED),$(shell date +%s))
UV ?= uv
export PG

# Plugins are named one by one, because loading every installed one costs five seconds of start-up.
PYTEST = PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(BIN)/python -m pytest -p anyio -p hypothesispytest

help: ## this text
	@echo "Towpath carries a change from merge request to main. Start with: make demo"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  make %-13s %s\n' "$$name" "$$text"; done
	@echo
	@echo "  ONCE=1    demo: exit at the end, 0 only if every outcome is the expected one"
	@echo "  ARGS=...  demo: further options of 'towpath demo' (see: .venv/bin/towpath demo --help)"
	@echo "  PG=0      leave PostgreSQL out: SQLite alone is tested"
	@echo "  KILLS=n   test-all: how many random kill -9 (50);  SEED=s repeats a run"
	@echo "  NAME=x    bench: one benchmark, for example NAME=kernel-db"

demo: ## watch merge requests being built, judged, landed or refused (about 3 minutes)
	@$(SETUP) demo
	@$(BIN)/towpath demo $(if $(filter-out 0,$(ONCE)),--once) $(ARGS)

test: ## lint, then every test not marked slow, on both stores and in a real browser
	@$(SETUP) test
	@$(MAKE) --no-print-directory checks
	@$(PYTEST) -p xdist -n 2 --dist worksteal -m "not slow" -q --durations=10 $(ARGS)

test-all: ## the slow suites that `make test` leaves out: kill -9, faults, hosts, wheel, image, traces
	@$(SETUP) test-all
	@echo "KILLS=$(KILLS) SEED=$(SEED)"
	@KILLS=$(KILLS) SEED=$(SEED) $(PYTEST) -m slow -v --durations=10 $(ARGS)

lint: ## ruff, format, mypy --strict and the import contracts
	@$(SETUP) lint
	@$(MAKE) --no-print-directory checks

.PHONY: checks
checks:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: ## measure beside a peer; ends with one line of JSON per benchmark
	@$(SETUP) bench
	@$(BIN)/python scripts/bench.py $(NAME)

screenshots: ## take the pictures of the tour (docs/tour) from a real run
	@$(SETUP) screenshots
	@$(BIN)/python scripts/screenshots.py

reference: ## write docs/reference/{settings,commands,facts,api}.md from the code
	@$(SETUP) lint
	@$(BIN)/python scripts/reference.py

requirements: ## pin dependencies again (needs uv: UV=path); UPGRADE=1 takes the newest
	@UPGRADE=$(UPGRADE) sh scripts/compile-requirements.sh "$(UV)"

clean: ## remove everything that these commands made
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis build dist web/node_modules
	rm -rf src/towpath/kernel/pages/static/built
	find src tests scripts benchmarks web -name __pycache__ -type d -prune -exec rm -rf {} +
