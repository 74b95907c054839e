# Every target stands alone: it makes the virtual environment first where that is missing or older than the lock file.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
            $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
BENCH  := build/bench-venv
COMPILED := build/compiled
FRAMES := build/frameworks-venv
STAMP  := $(VENV)/.installed
CODE   := pipeline topics tests
PYTEST_ARGS ?=
HOURS ?= 0.5

.DEFAULT_GOAL := help
.PHONY: help venv demo test faults faults-relay soak faults-mutations fuzz bench bench-core bench-growth bench-lock frameworks frameworks-lock page console-openapi page-types page-lint console-e2e console-screenshots lint format types metrics ingest-docs ingest-proofs schemas lock clean python java dashboards deploy-tools image-check audit licenses sbom

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

venv: $(STAMP) ## the virtual environment, from requirements.lock

$(STAMP): requirements.lock pyproject.toml | python
	@echo "Installing into $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is missing; install it with: sudo apt-get install -y python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is missing; install it with: sudo apt-get install -y python3-venv" >&2; exit 1; }

java:
	@test -n "$$JAVA_HOME" || command -v java >/dev/null || { \
	  echo "Java 17 is missing; install it with: sudo apt-get install -y openjdk-17-jre-headless" >&2; exit 1; }
	@command -v mvn >/dev/null || { \
	  echo "Maven is missing; install it with: sudo apt-get install -y maven" >&2; exit 1; }

demo: java $(STAMP) ## Kafka, topics, worker and a simulated load, checked against what must come out
	@$(BIN)/itemstream demo

test: java $(STAMP) ## the tests, real Kafka included, without the long fault runs
	@$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

faults: java $(STAMP) ## kill and freeze workers and brokers, ten rounds each; the figures go to docs/reliability.md
	@$(BIN)/python -m pytest tests/faults -m "slow and faults" --timeout 1800 $(PYTEST_ARGS); status=$$?; \
	  $(BIN)/python -m tests.faults.harness.report && exit $$status

faults-relay: java $(STAMP) ## a minute without Kafka under relay load, the relay killed meanwhile, by fsync policy
	@$(BIN)/python -m pytest tests/faults/relay -m "kafka and faults" -s $(PYTEST_ARGS)

soak: java $(STAMP) ## a constant load for HOURS hours, memory, open files and lag watched, all that came out checked
	@$(BIN)/python -m tests.faults.soak --hours $(HOURS) $(SOAK_ARGS); status=$$?; \
	  $(BIN)/python -m tests.faults.soak.page && exit $$status

faults-mutations: java $(STAMP) ## each check of the fault runs can fail: rules of the stream broken on purpose
	@$(BIN)/python -m pytest tests/faults/test_mutations.py --timeout 1800 $(PYTEST_ARGS)
	@$(BIN)/python -m tests.faults.harness.report

fuzz: java $(STAMP) ## 100,000 broken events through the core, then through the real worker
	@$(BIN)/python -m tests.core.fuzz_core --count 100000
	@$(BIN)/python -m tests.kafka.fuzz_worker --count 100000

bench: java $(STAMP) $(BENCH)/.installed $(COMPILED)/.tested ## beside its peers, in one run: throughput, latency, profile; into docs/performance.md
	@PYTHONPATH=. $(BENCH)/bin/python -m bench $(BENCH_ARGS)

# The peers' packages live apart from the product's.
$(BENCH)/.installed: bench/requirements.lock | python
	@echo "Installing the benchmark's peers into $(BENCH) …"
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

bench-growth: java $(STAMP) $(BENCH)/.installed ## what grows with processes, partitions, sessions, items; restore, memory; into docs/scaling.md
	@PYTHONPATH=. $(BENCH)/bin/python -m bench.growth $(GROWTH_ARGS)

.PHONY: bench-console
bench-console: java $(STAMP) ## the console with 1,000,000 items in its store, on SQLite and PostgreSQL; into docs/console-store.md
	@$(BIN)/python -m bench.console $(CONSOLE_ARGS)

frameworks: java $(STAMP) $(FRAMES)/.installed ## the tap's code in docs/collecting.md for LiveKit, Pipecat and openai-agents, run
	@$(BIN)/python -m pytest tests/ingest/tap/test_docs.py -m slow $(PYTEST_ARGS)

# 800 MB of them: apart from the product's, and out of the gate.
$(FRAMES)/.installed: tests/ingest/tap/frameworks/requirements.lock | python
	@echo "Installing the agent frameworks into $(FRAMES) …"
	@test -x $(FRAMES)/bin/python || $(PYTHON) -m venv $(FRAMES)
	@$(FRAMES)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

frameworks-lock: ## newest versions of the agent frameworks
	@test -x $(VENV)/lock/bin/uv || { $(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv; }
	@$(VENV)/lock/bin/uv pip compile pyproject.toml tests/ingest/tap/frameworks/requirements.in $(LOCK_ARGS) --upgrade \
	  --extra tap -o tests/ingest/tap/frameworks/requirements.lock

bench-core: $(STAMP) ## microseconds per event in the core, by event type
	@$(BIN)/python -m bench.core

# In a copy: the C modules land beside the Python ones and win over them.
.PHONY: compiled
compiled: $(COMPILED)/.tested ## the core as C code (needs a C compiler), and the core's tests on it

$(COMPILED)/.tested: $(STAMP) $(shell find pipeline/core tests/core -name '*.py') | python
	@command -v $${CC:-gcc} >/dev/null || { \
	  echo "A C compiler is missing; install it with: sudo apt-get install -y gcc libc6-dev python3-dev" >&2; exit 1; }
	@echo "Compiling the core in $(COMPILED) …"
	@rm -rf $(COMPILED) && mkdir -p $(COMPILED)
	@tar --exclude=node_modules -cf - pipeline topics LICENSE README.md pyproject.toml | tar -xf - -C $(COMPILED)
	@ln -s ../../tests ../../docs $(COMPILED)/
	@cd $(COMPILED) && HATCH_BUILD_HOOK_ENABLE_MYPYC=1 ../../$(BIN)/python -m pip wheel --quiet \
	  --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@cd $(COMPILED) && PYTHONPATH=. ../../$(BIN)/python -c 'import pipeline.core as it; assert it.COMPILED'
	@cd $(COMPILED) && ITEMSTREAM_RECORDINGS="$${ITEMSTREAM_RECORDINGS:-$(abspath ../shared/recordings)}" PYTHONPATH=. \
	  ../../$(BIN)/python -m pytest tests/core -m "not slow" -q $(PYTEST_ARGS)
	@touch $@

PAGE := pipeline/console/page

page: $(STAMP) ## the console's page, from its TypeScript
	@$(BIN)/python $(PAGE)/build.py

.PHONY: console-proofs
console-proofs: java $(STAMP) ## the console: its store after many kill -9, on SQLite and PostgreSQL (where installed); its API, long fuzzed
	@$(BIN)/python -m pytest tests/console/projection tests/console/store tests/console/api -m slow --timeout 1800 $(PYTEST_ARGS)

console-openapi: $(STAMP) ## the OpenAPI document of the console, from its routes; `make page` makes types of it
	@$(BIN)/python -m pipeline.console.api.openapi

page-types: $(STAMP) ## the page's view of the API, from its OpenAPI document and the records' models
	@$(BIN)/python $(PAGE)/typescript.py && $(BIN)/python $(PAGE)/build.py types

page-lint: $(STAMP) ## Biome on the page's sources: rules and format
	@$(BIN)/python $(PAGE)/build.py check

console-e2e: $(STAMP) page ## the console in a browser over real Kafka, the slow tests too
	@$(BIN)/python -m pytest tests/console/e2e -m "slow or not slow" $(PYTEST_ARGS)

console-screenshots: $(STAMP) page ## the pictures in docs/console.md; look at them
	@$(BIN)/python -m tests.console.e2e.conversations.screenshots
	@$(BIN)/python -m tests.console.e2e.screenshots

lint: $(STAMP) ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(STAMP) ## put the code into ruff's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(STAMP) ## pyright, strict on pipeline and topics
	@$(BIN)/pyright --project .

deploy-tools: $(STAMP) ## helm, kubeconform, compose-go and the schemas they check by, into the user's cache
	@deploy/install-tools $(BIN)/python

image-check: java $(STAMP) ## as root: the image built step by step and its services run, without a Docker engine
	@$(BIN)/python -m pytest tests/deploy/test_image.py -m slow $(PYTEST_ARGS)

audit: $(STAMP) ## known vulnerabilities of what is locked; says so where the database can't be reached
	@$(BIN)/python deploy/audit.py

licenses: $(STAMP) ## docs/licenses.md, from the lock files, npm's too
	@$(BIN)/python deploy/licenses.py

sbom: $(STAMP) ## CycloneDX lists of what the image is made of: build/sbom.json, and build/sbom-page.json of the console's page
	@mkdir -p build && $(BIN)/cyclonedx-py requirements --output-file build/sbom.json deploy/requirements.lock
	@$(BIN)/python $(PAGE)/build.py sbom build/sbom-page.json

schemas: $(STAMP) ## JSON Schemas, AsyncAPI and the docs of the topics, from the models
	@$(BIN)/python -m topics.schemas

metrics: $(STAMP) ## docs/metrics.md, from the list of metrics
	@$(BIN)/python -m pipeline.observe

ingest-proofs: java $(STAMP) ## the long tests of the collectors: 200,000 malformed bodies, schemathesis for minutes, …
	@$(BIN)/python -m pytest tests/ingest -m slow --timeout 1800 $(PYTEST_ARGS)

ingest-docs: $(STAMP) ## the tables of docs/ingest.md, from settings and OpenAPI
	@$(BIN)/python -m pipeline.ingest.http.reference
drills: java $(STAMP) ## each alert caused for real, seen to fire and to clear; the table goes to docs/runbook.md
	@command -v prometheus >/dev/null || { \
	  echo "Prometheus is missing; install it with: sudo apt-get install -y prometheus" >&2; exit 1; }
	@$(BIN)/python -m tests.observe.drills $(DRILL)

.PHONY: drills pictures procedures
procedures: java $(STAMP) ## docs/runbook.md carried out: its commands, and backup, upgrade, partitions, moving, forgetting
	@$(BIN)/python -m pytest tests/operations $(PYTEST_ARGS)

pictures: java $(STAMP) ## the dashboards over a worker in trouble, drawn by Grafana's panel library, into docs/dashboards
	@for program in prometheus chromium; do command -v $$program >/dev/null || { \
	  echo "$$program is missing; install it with: sudo apt-get install -y $$program" >&2; exit 1; }; done
	@$(BIN)/python -m tests.observe.pictures

dashboards: $(STAMP) ## Grafana's dashboards, from deploy/grafana/panels.py; the alert rules into the Helm chart
	@$(BIN)/python deploy/grafana/generate.py
	@cp deploy/prometheus/alerts.yml deploy/helm/itemstream/files/alerts.yml

lock: $(STAMP) ## newest versions into requirements.lock, and into those of the container image
	@test -x $(VENV)/lock/bin/uv || { $(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv; }
	@$(VENV)/lock/bin/uv pip compile pyproject.toml $(LOCK_ARGS) --upgrade --extra worker --extra console \
	  --group dev -o requirements.lock
	@$(VENV)/lock/bin/uv pip compile pyproject.toml $(LOCK_ARGS) --upgrade --extra worker --extra console \
	  --extra tracing --constraint requirements.lock -o deploy/requirements.lock
	@$(VENV)/lock/bin/uv pip compile pyproject.toml $(LOCK_ARGS) --upgrade --extra worker --extra console \
	  --extra tracing --extra export --constraint requirements.lock -o deploy/export.lock
	@printf 'hatchling\nhatch-mypyc\nnodejs-wheel-binaries\ncyclonedx-bom\n' | $(VENV)/lock/bin/uv pip compile - \
	  $(LOCK_ARGS) --upgrade --constraint requirements.lock -o deploy/build.lock

# The same versions as the product's, but for pydantic, where Quix Streams wants an older one.
bench-lock: ## newest versions of the benchmark's peers into bench/requirements.lock
	@test -x $(VENV)/lock/bin/uv || { $(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv; }
	@sed -n '/^pydantic/d; s/^\([a-z].*==.*\) \\$$/\1/p' requirements.lock > $(VENV)/lock/bench.txt
	@$(VENV)/lock/bin/uv pip compile pyproject.toml bench/requirements.in $(LOCK_ARGS) --upgrade --extra worker \
	  --constraint $(VENV)/lock/bench.txt -o bench/requirements.lock

LOCK_ARGS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

clean: ## everything made here (Kafka's own files stay in the user's cache)
	@find pipeline -name '*.so' -delete; rm -f ./*__mypyc*.so
	@rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
	@find $(CODE) bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
