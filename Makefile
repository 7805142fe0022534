# Two commands need nothing but Python 3.11 or newer: `make demo` and `make test`.
# Each makes a virtual environment in .venv with the versions of constraints.txt first, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check setup clean

demo: setup
	rm -rf demo
	$(BIN)/faceparse demo --out demo

test: setup
	$(BIN)/python -m pytest -n 2

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

setup: $(VENV)/ready

# Rebuilt when what is installed changes; a failed install leaves no `ready` behind
$(VENV)/ready: pyproject.toml constraints.txt
	@echo "setting up $(VENV): a minute or two and about 5 GB the first time"
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed; name it with: make PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all,dev]'
	touch $@

clean:
	rm -rf $(VENV) demo
