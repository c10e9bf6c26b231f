# Two commands on a fresh machine with Python 3.11 or newer and a C compiler: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test test-all lint install bench clean
demo: install
	$(BIN)/recsys demo

test: install
	$(BIN)/python -m pytest -n 2

test-all: install
	$(BIN)/python -m pytest -n 2 -m "slow or not slow"

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(VENV)/.installed

# LightFM is compiled here. LIGHTFM_NO_CFLAGS keeps -march=native out, so that a cached build also runs on another processor.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	LIGHTFM_NO_CFLAGS=1 $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

bench: install
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) dist build
