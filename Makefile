# Everything a fresh clone needs is Python >= 3.11 and make; each target does its own set-up.
#
#   make install   .venv with the core, all plugins and the tools, in development mode, at the versions of constraints.txt
#   make run       install, then a whole service on http://127.0.0.1:8000 with its data in ./.dragon
#   make test      install, then everything CI checks: lint, types, layers, all tests, the wheels in clean environments
#   make coverage  the tests once more, half as long again, with a table of the lines and branches that none of them runs
#   make lint      ruff, mypy and import-linter alone
#   make faults    half an hour of faults on purpose, and a table of what they did; ARGS="--seconds 90 --seed 7" for less
#   make bench     the figures of benchmarks/, as one table
#   make docs      docs/reference from the installed tasks, and the site of all pages, in site/
#   make gallery   docs/films: strips of frames of every effect, transition, animator, text and filter, by the renderer
#   make pictures  docs/images: the pages as a browser shows them, with results of tasks that run here
#   make wheels    wheels of the core and all plugins, in dist/
#   make voices    better voices for audio.tts: the package flite of the system, where apt-get is there and may be used
#   make constraints  write the versions of the present environment to constraints.txt
#
# PYTHON=python3.13 chooses the interpreter; HOST, PORT and DATA_DIR steer `make run`; ARGS reaches pytest or the benchmarks.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PLUGINS := $(sort $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml)))
CLIENTS := clients/python

HOST ?= 127.0.0.1
PORT ?= 8000
DATA_DIR ?= ./.dragon
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

PYTEST := $(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder --max-worker-restart 0

.PHONY: help install run test coverage lint bench faults docs gallery pictures wheels voices constraints clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt Makefile $(PLUGINS:%=%/pyproject.toml) $(CLIENTS:%=%/pyproject.toml)
	@if [ -z "$(PYTHON)" ]; then echo "Dragon needs Python 3.11 or newer; none was found. Name one: make PYTHON=/path/to/python" >&2; exit 1; fi
	@if [ ! -x $(BIN)/python ]; then echo "+ $(PYTHON) -m venv $(VENV)"; $(PYTHON) -m venv $(VENV); fi
	$(BIN)/python -m pip install --quiet -c constraints.txt pip editables hatchling setuptools
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation --group dev -e . $(PLUGINS:%=-e %) $(CLIENTS:%=-e %)
	@touch $@

run: $(STAMP)
	$(BIN)/dragon serve --host $(HOST) --port $(PORT) --data-dir $(DATA_DIR) $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(VENV)/layers.txt 2>&1 || { cat $(VENV)/layers.txt; exit 1; }
	@echo "Layers: $$(sed -n 's/^Contracts: //p' $(VENV)/layers.txt)"

test: lint
	$(PYTEST) $(ARGS)

coverage: $(STAMP)
	rm -f .coverage .coverage.*
	$(PYTEST) --cov --cov-report=term-missing:skip-covered $(ARGS)

bench: $(STAMP)
	$(BIN)/python -m benchmarks $(ARGS)

faults: $(STAMP)
	$(BIN)/python -m faults $(ARGS)

docs: $(STAMP)
	$(BIN)/dragon reference --out docs/reference
	$(BIN)/python -m dragon_video.film.describing docs/reference/sxml.md
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -c docs -d build/doctrees . site
	@echo "The site: site/index.html"

gallery: $(STAMP)
	$(BIN)/python -m gallery

pictures: $(STAMP)
	$(BIN)/python -m tests.browser.make_pictures docs/images

wheels: $(STAMP)
	rm -rf dist
	for package in . $(PLUGINS) $(CLIENTS); do $(BIN)/python -m build --wheel --no-isolation --outdir dist $$package || exit 1; done
	@ls dist

voices:
	@if command -v flite >/dev/null; then echo "flite is here already: $$(flite -lv)"; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then apt-get install -y --no-install-recommends flite; \
	else echo "Install the package flite of your system, for example: sudo apt-get install flite" >&2; exit 1; fi

constraints: $(STAMP)
	{ grep '^#' constraints.txt; { $(BIN)/python -m pip freeze --all --exclude-editable | grep -v '^setuptools=='; \
		grep '^async-timeout==' constraints.txt; } | LC_ALL=C sort --ignore-case --unique; } > $(VENV)/constraints.txt
	cp $(VENV)/constraints.txt constraints.txt

clean:
	rm -rf $(VENV) dist build site .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
