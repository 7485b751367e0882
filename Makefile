# Every command of this project. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# The distribution's Python is built with profile-guided optimisation; others often are not, and slower.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements-dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the pinned Python packages"
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: $(STAMP) ## Make .venv with the pinned packages

.PHONY: lock
lock: ## Pin the dependencies again (needs uv)
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements.txt
	uv pip compile -q pyproject.toml --extra local --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements-dev.txt

# Contracts and their documents
.PHONY: schemas
schemas: $(STAMP) ## Write the JSON Schemas, their index and the AsyncAPI document from the contracts
	@$(BIN)/python -m tools.schemas

.PHONY: check-schemas
check-schemas: $(STAMP) ## Fail when a document is older than the contracts
	@$(BIN)/python -m tools.schemas --check

.PHONY: openapi
openapi: $(STAMP) ## Write the OpenAPI documents from the routes
	@$(BIN)/python -m tools.openapi_document

.PHONY: check-openapi
check-openapi: $(STAMP) ## Fail when an OpenAPI document is older than the routes
	@$(BIN)/python -m tools.openapi_document --check

# The local stack: real Kafka and Postgres as plain processes, everything in .hearth/
.PHONY: setup-stack
setup-stack: $(STAMP) ## Get what the local stack needs: Java, Kafka's jars, Postgres
	@$(BIN)/python -m deploy.local.setup

.PHONY: up
up: $(STAMP) ## Start Kafka, Postgres and the services; Ctrl-C stops them
	@$(BIN)/hearth up

.PHONY: down
down: ## Stop what `make up` or `hearth up --detach` started
	@test ! -x $(BIN)/hearth || $(BIN)/hearth down

.PHONY: clean
clean: ## Stop the local stack and delete its data, logs and jars
	@test ! -x $(BIN)/python || $(BIN)/python -m deploy.local.clean

# The cluster: deploy/k8s, its checks, and what follows from the code
.PHONY: manifests
manifests: $(STAMP) ## Write the manifests that follow from the code: topics, users, scaling, secrets, dashboards
	@$(BIN)/python -m deploy.cluster.manifests

.PHONY: setup-k8s
setup-k8s: $(STAMP) ## Get what the checks of manifests need: kustomize, schemas, checkers
	@$(BIN)/python -m deploy.cluster.tools

.PHONY: k8s-check
k8s-check: setup-k8s ## Render every overlay; hold it against schemas, policies, the code and checkov
	@$(BIN)/python -m pytest -q tests/deploy -k k8s

SYNAPSE := .hearth/synapse
$(SYNAPSE)/.installed: tests/synapse-requirements.txt
	@test -x $(SYNAPSE)/bin/python || $(PYTHON) -m venv $(SYNAPSE)
	@echo "installing Synapse, a chat server for tests only"
	@$(SYNAPSE)/bin/python -m pip install --quiet --require-hashes --requirement tests/synapse-requirements.txt
	@touch $@

# Checks and tests
.PHONY: check
check: $(STAMP) check-schemas check-openapi ## Lint, format, types, imports, documents made from code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m shared.observability.document --check
	@$(BIN)/python -m deploy.cluster.manifests --check
	@$(BIN)/python -m tools.metrics_document --check

.PHONY: test
test: check setup-stack setup-k8s $(SYNAPSE)/.installed ## Everything that is tested, on real Kafka and Postgres
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile --durations 25 tests

.PHONY: test-unit
test-unit: $(STAMP) ## Pure tests: domains, contracts, architecture
	@$(BIN)/python -m pytest -q tests/unit tests/contract tests/architecture

.PHONY: test-integration
test-integration: setup-stack ## Handlers and engine on real Postgres and Kafka
	@$(BIN)/python -m pytest -q tests/integration

.PHONY: test-e2e
test-e2e: setup-stack ## Whole processes: faults, and real histories where there are any
	@$(BIN)/python -m pytest -q tests/e2e

.PHONY: test-connectors
test-connectors: setup-stack $(SYNAPSE)/.installed ## Connectors on real chat servers and on stand-ins that speak the real protocols
	@$(BIN)/python -m pytest -q tests/unit/connectors tests/integration/test_connectors_*.py tests/e2e/test_connectors_*.py

.PHONY: bench
bench: setup-stack ## Events a second and CPU an event of every layer, in one run, with their ratios
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: quality
quality: setup-stack ## How well moderation judges: own corpora, and real texts where there are any
	@$(BIN)/python -m tests.quality $(ARGS)

.PHONY: drill
drill: setup-stack ## A rolling restart of every service under 1 000 events/s, the books checked
	@$(BIN)/python -m deploy.drill $(ARGS)

.PHONY: demo
demo: $(STAMP) ## A simulated month through the whole pipeline, and what came of it
	@$(BIN)/hearth demo
