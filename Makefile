# What can be done here: `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help venv demo test fuzz check golden bench docs pictures lock clean

BIN := .venv/bin
# Whole files to each worker: live tests keep their daemons for the length of a file. Four workers for two processors:
# about half of the files mostly wait, and the order of tests/conftest.py puts them beside those that compute.
PYTEST := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder --durations 20 --durations-min 5
# For how long `make fuzz` attacks each of TARGETS (all of them, when none is named).
SECONDS := 60
TARGETS :=

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: ## Make .venv and install what running needs (quick when nothing changed)
	@scripts/setup-venv

demo: venv ## Run the main job on the embedded estate, from spec to drift report
	@$(BIN)/ggi demo

test: ## Install what the tests need and run them all
	@scripts/setup-venv --dev
	@scripts/install-test-packages
	@scripts/install-test-provider
	$(PYTEST)

fuzz: ## Attack the parsers with atheris, each for SECONDS=60, or only TARGETS="relp asked"
	@scripts/setup-venv --dev
	@$(BIN)/python tests/fuzz/run.py --seconds $(SECONDS) $(TARGETS)

check: ## Lint, format, types, playbooks: what pre-commit and CI run
	@scripts/setup-venv --dev
	@scripts/check

golden: ## Render the golden artifacts again; read the diff like code
	@scripts/setup-venv --dev
	@scripts/golden

bench: ## Measure rendering a national estate and reading one from NetBox
	@scripts/setup-venv --dev
	@$(BIN)/python -m bench

docs: venv ## Write again what is generated: docs/errors.md, docs/causes.md, docs/promises.md and docs/demo.svg
	@$(BIN)/python scripts/errors_page.py
	@$(BIN)/python scripts/causes_page.py
	@$(BIN)/python scripts/promises_page.py
	@$(BIN)/python scripts/demo_picture.py

pictures: ## Walk docs/onboarding.md on a NetBox of its own and take its pictures (needs chromium)
	@scripts/setup-venv --dev
	@$(BIN)/python scripts/onboarding_walk.py --pictures

lock: ## Resolve the dependencies again and write the lock files
	@scripts/setup-venv --dev
	@scripts/lock

clean: ## Remove what was built (not .venv)
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
