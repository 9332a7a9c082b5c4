# Every target sets the machine up first, which takes a moment when nothing is missing.

BIN := .venv/bin
# One more than cores, for many tests wait for a server or a browser.
WORKERS = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# Where the surroundings forbid Python to keep what it compiled, every process of the tests would compile all again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-browser setup-database setup-ffmpeg setup-tex setup-docs setup-mutants demo study test test-all lint mutants bench bundle docs constraints clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "make %-12s %s\n", $$1, $$2 }'

setup: ## Create .venv with the pinned versions, and install missing system packages where allowed
	@.ci/setup

setup-browser:
	@.ci/setup chromium

setup-database:
	@.ci/setup postgresql

setup-ffmpeg:
	@.ci/setup ffmpeg

setup-tex:
	@.ci/setup tex

setup-docs: setup
	@test -x $(BIN)/mkdocs || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'

setup-mutants: setup
	@test -x $(BIN)/cosmic-ray || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutants]'

demo: setup ## Make the demonstration in demo/: corpus, music, report, listening study; TRAIN=1 trains its models
	@$(BIN)/clstm demo --out demo $(if $(TRAIN),--train)
	@echo "From here the study opens with: make study"

study: setup ## Serve the demonstration's listening study
	@test -d demo/study || { echo "There is no demo/study yet; make it with: make demo" >&2; exit 2; }
	@$(BIN)/clstm study serve demo/study

test: setup-browser setup-docs lint ## Lint, test and build the site, as every change must pass; a skipped test is a failure
	@$(BIN)/pytest --forbid-skips -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-all: setup-browser setup-docs setup-database setup-ffmpeg setup-tex lint ## The same with the slow tests
	@$(BIN)/pytest --forbid-skips -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m 'not bench'

lint: setup ## Style, format, types and the direction of imports
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

mutants: setup-mutants ## Change the numeric and store code in small ways and show what no test notices; MODULE=FILE for one
	@$(BIN)/python .ci/mutants.py $(MODULE)

bench: setup ## Measure speed against the peers; MIDI=FOLDER measures on files of yours
	@$(BIN)/pytest -m bench -s tests/benchmarks $(if $(MIDI),--midi $(MIDI))

bundle: setup ## Bundle a model: RUN=runs/c-lstm NAME=c-lstm ACCURACY=accuracy.csv INDEX=index.csv; without, new cards
	@$(BIN)/python -m clstm.cli.bundle $(if $(RUN),$(RUN) --name $(NAME) --index $(INDEX) $(if $(ACCURACY),--accuracy $(ACCURACY)))

docs: setup-docs ## Write the reference pages of docs/ from the code, and the site in build/site
	@$(BIN)/python .ci/reference.py
	@$(BIN)/python .ci/website.py

constraints: setup ## Record the versions now in .venv as the tested ones
	@$(BIN)/python -m pip list --format=freeze --exclude clstm --exclude pip --exclude setuptools > .venv/versions
	@{ sed '/^[^#]/,$$d' constraints.txt; sed 's/+.*//' .venv/versions | LC_ALL=C sort -f; } > .venv/constraints
	@cp .venv/constraints constraints.txt

clean: ## Remove .venv and every cache; demo/ stays, for it may hold listeners' answers
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks .mutants build dist
	find clstm evaluation listening_study reports tests -name __pycache__ -type d -prune -exec rm -rf {} +
