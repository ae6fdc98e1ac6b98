# The two commands of the README: `make run` and `make test`. Only Python >= 3.11, pip and make are needed.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
PORT   ?= 8501
UV     ?= uv

.PHONY: run test bench bench-matching bench-plan bench-registers lint lock messages clean

run: $(VENV)/.installed-run
	$(BIN)/symbiosekart serve --port $(PORT)

test: $(VENV)/.installed-test lint
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Measure the road engine on synthetic roads of Norway's size, beside other engines (docs/benchmarks.md).
# The others are optional and stand in an environment of their own; OSRM's wheel wants Python 3.12.
# `make bench BENCH="--nodes 50000"` is a small run.
OTHER_PYTHON ?= $(shell for p in python3.12 $(wildcard $(HOME)/.pyenv/versions/3.12*/bin/python3.12) $(PYTHON); do \
  $$p -c 'import sys; print(sys.executable)' 2>/dev/null && break; done)

bench: $(VENV)/.installed-run .venv-bench/.installed
	$(BIN)/python -m benchmarks.run $(BENCH)

# Measure matching beside a plain merge and filter in pandas, which takes some 15 GB of memory at full size:
# `make bench-matching STREAMS=5000` is a small run.
bench-matching: $(VENV)/.installed-run
	$(BIN)/python -m benchmarks.matching $(STREAMS)

# Measure plans beside scipy's plain linprog. `make bench-plan PLAN="--offers 200 --pairs 20000"` is a small run.
bench-plan: $(VENV)/.installed-run
	$(BIN)/python -m benchmarks.allocation $(PLAN)

# Measure how the business register's file is read beside pandas, 1.5 million invented units of some 0.5 GB:
# `make bench-registers REGISTERS="--rows 100000 --json-rows 20000"` is a small run.
bench-registers: $(VENV)/.installed-run
	$(BIN)/python -m benchmarks.registers $(REGISTERS)

.venv-bench/.installed: $(wildcard benchmarks/requirements/*.txt)
	$(OTHER_PYTHON) -m venv .venv-bench
	for engine in benchmarks/requirements/*.txt; do \
	  .venv-bench/bin/python -m pip --disable-pip-version-check install --quiet --only-binary :all: --require-hashes -r $$engine \
	    || echo "left out of the benchmark: $$engine could not be installed"; done
	touch $@

# Which texts of the code lack a translation, and which translations lost a placeholder.
messages: $(VENV)/.installed-run
	$(BIN)/python tools/check_messages.py

# A machine without the ensurepip module still gets its environment: pip installs into it from outside.
$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Symbiosekart needs Python 3.11 or newer: set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(VENV)/bin/python install pip; }

$(VENV)/.installed-run: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-test: requirements-test.txt $(VENV)/.installed-run
	$(PIP) install --quiet --require-hashes -r requirements-test.txt
	touch $@

# For maintainers: pin anew (needs uv). The files carry hashes and no index address.
lock:
	$(UV) pip compile --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --generate-hashes \
	  --custom-compile-command "make lock" --extra install pyproject.toml -o requirements.txt
	$(UV) pip compile --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --generate-hashes \
	  --custom-compile-command "make lock" --extra install --extra cluster --extra test -c requirements.txt pyproject.toml -o requirements-test.txt

clean:
	rm -rf $(VENV) .venv-bench .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
