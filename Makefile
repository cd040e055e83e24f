# The tasks of this checkout; `make` alone lists them. A fresh machine needs Python 3.11 or newer and a package index.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# More than two cores have: most of the tests wait for something.
JOBS ?= 3
ARGS ?=

# pip reads its index from its own configuration: nothing here names one.
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
OLD_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: help demo test faults bench check docs lock clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1  \2/p' Makefile

demo: $(STAMP) ## Start everything locally and play a short incident; ARGS=--once ends after the story
	@$(BIN)/chatops demo $(ARGS)

test: $(STAMP) ## Run the whole test suite; ARGS goes to pytest
	@$(BIN)/python -c 'from tests.sandbox_page.chromium import find_chromium; find_chromium() or print("No Chromium found: the browser tests are skipped. CHATOPS_CHROMIUM names one.")'
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal -rfEs $(ARGS)

faults: $(STAMP) ## Kill the bot again and again while people work and networks fail, for half an hour; ARGS goes to pytest
	@$(BIN)/python -m pytest -q -m faults -p no:xdist -rfEs tests/e2e $(ARGS)

bench: $(STAMP) ## Measure on this machine, about four minutes: bench/results.json and .svg; ARGS=--tiny only tries it
	@$(BIN)/python -m bench $(ARGS)

check: $(STAMP) ## Format, lint, types, layers
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not formatted: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --strict --no-error-summary chatops
	@if [ -f .importlinter ]; then $(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports; fi
	@echo "Format, lint, types and layers are fine."

docs: $(STAMP) ## Write docs/outlets.md anew from the outlets' own declarations
	@$(BIN)/python -m chatops.outlet_docs docs/outlets.md

lock: ## Write requirements.lock anew from pyproject.toml; needs uv
	@command -v uv >/dev/null || [ -x $(BIN)/uv ] || { echo "make lock needs uv: $(BIN)/pip install uv"; exit 1; }
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile pyproject.toml --quiet --extra demo --group test --universal --no-strip-extras \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-header --output-file requirements.lock
	@echo "requirements.lock is up to date."

clean: ## Remove what was built here, .venv too
	@rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Made anew whenever the lock or the project's own data change. No build isolation: hatchling comes from the lock,
# with its hash, like everything else.
$(STAMP): requirements.lock pyproject.toml
	@set -e; \
	if [ ! -x $(BIN)/python ] || ! $(BIN)/python -c '$(OLD_ENOUGH)' 2>/dev/null; then \
		for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
			if $$python -c '$(OLD_ENOUGH)' 2>/dev/null; then found=$$python; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "chatops needs Python 3.11 or newer; none was found. PYTHON=/path/to/python3 names one."; exit 1; \
		fi; \
		echo "Making $(VENV) with $$($$found --version) ..."; \
		$$found -m venv --clear $(VENV) || { \
			echo "$$found cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }; \
	fi; \
	echo "Installing what requirements.lock names ..."; \
	$(PIP) install --require-hashes -r requirements.lock; \
	$(PIP) install --no-deps --no-build-isolation --editable .; \
	touch $@
