# Two commands do all the set-up: `make demo` and `make test`. Everything stays in .venv.
# Bytecode is kept, whatever the surroundings say: the command line is started often in the tests.
export PYTHONDONTWRITEBYTECODE :=
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
SOURCES := pyproject.toml setup.py $(wildcard rcf_ext/*.pyx rcf_ext/*.pxd rcf_ext/*.h streamsql/kernels/*.pyx streamsql/kernels/*.pxd streamsql/kernels/*.h)

.PHONY: install demo test check format bench bench-rows bench-peers sanitize torture soak coverage mutants clean

install: $(STAMP)  ## virtual environment with the package and its command line

$(STAMP): $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

demo: install  ## the click-stream application on real input
	$(BIN)/python examples/demo.py

test: install
	$(BIN)/python -m pytest -n 2

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

SANITIZED := build/sanitized
SANITIZED_TESTS := tests/kernels tests/io tests/exec tests/torture tests/rcf_ext tests/app/test_addresses.py
sanitize: install  ## all compiled code under AddressSanitizer and UndefinedBehaviorSanitizer, with the tests that run it
	STREAMSQL_SANITIZE=address,undefined $(BIN)/python setup.py --quiet build_ext --build-lib $(SANITIZED) --build-temp $(SANITIZED)-objects
	cp rcf_ext/*.py $(SANITIZED)/rcf_ext/
	cd streamsql && find . -name '*.py' -exec cp --parents {} ../$(SANITIZED)/streamsql/ \;
	PYTHONPATH=$(SANITIZED) PYTHONMALLOC=malloc LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 $(BIN)/pytest -p no:cacheprovider --ignore tests/rcf_ext/test_benchmarks.py --ignore tests/torture/test_bombs.py --ignore tests/torture/test_bounds.py --ignore tests/torture/test_allocations.py $(SANITIZED_TESTS)

FORKS     ?= 20000
KILLS     ?= 1000
MUTATIONS ?= 200000
BOMBS     ?= 2000
STARVED   ?= 20
RECORDS   ?= 1000000
ROWS      ?= 50000000
torture: install  ## full size: crashes at every call of every application, so many kills, damaged checkpoints, SQL bombs and bad records
	STREAMSQL_TORTURE=1 STREAMSQL_FORKS=$(FORKS) STREAMSQL_KILLS=$(KILLS) STREAMSQL_MUTATIONS=$(MUTATIONS) $(BIN)/python -m pytest -n 2 tests/durable
	STREAMSQL_ROWS=$(ROWS) $(BIN)/python -m pytest tests/torture/test_bounds.py
	STREAMSQL_BOMBS=$(BOMBS) STREAMSQL_RECORDS=$(RECORDS) STREAMSQL_STARVED=$(STARVED) $(BIN)/python -m pytest -n 2 -s tests/torture

# Left out: what watches memory, time or imports, kills processes, or runs the engine in cages.
UNCOVERED := tests/torture tests/benchmarks tests/durable/test_kills.py tests/cli/test_start.py tests/rcf_ext/test_benchmarks.py tests/rcf_ext/test_memory.py
coverage: install  ## which branches of the Python code the tests take; fails below the limit of pyproject.toml
	$(BIN)/python -m pytest -n 2 -p tests.mutation.durations --cov --cov-context=test --cov-report=term --cov-report=html $(addprefix --ignore=,$(UNCOVERED))

MUTANTS ?= 300
mutants: install  ## after `make coverage`: so many small mistakes put into the engine, and whether a test fails
	$(BIN)/python -m tests.mutation --mutants $(MUTANTS)

SOAK    ?= 100000000
RESTART ?= 3000000
soak: install  ## many rows through windows, a join and a forest: how memory grows
	$(BIN)/python tests/torture/soak.py $(SOAK) $(RESTART)

bench: install
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m benchmarks

bench-rows: install  ## SQL from file to file against the engines that are installed
	$(BIN)/python -m benchmarks rows

PEERS := build/peers
bench-peers:  ## those engines, each in a virtual environment of its own
	set -e; for peer in duckdb polars datafusion chdb bytewax; do \
	  $(PYTHON) -m venv $(PEERS)/$$peer; $(PEERS)/$$peer/bin/pip install --quiet $$peer; done
	$(PEERS)/bytewax/bin/pip install --quiet orjson

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find rcf_ext streamsql -name '*.so' -delete
	find rcf_ext streamsql -name '*.cpp' -delete
