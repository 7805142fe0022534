# Two commands need nothing but Python 3.11 or newer: `make demo` and `make test`.
# Each makes a virtual environment in .venv with the versions of constraints.txt first, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check rehearse setup clean

demo: setup
	rm -rf demo
	$(BIN)/faceparse demo --out demo

# One thread a process: threads of two processes on two cores would wait for each other
test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

# Everything as the organisers do it, with the shipped model; needs the package index and 11 GB more. On made faces, or
# on photos of your own: make rehearse DATA=DIR, a data set or a folder of photos. The report is of the run in results/
DATA ?=
PHOTOS = $(firstword $(and $(DATA),$(wildcard $(DATA)/test) $(DATA)) rehearsal/faces/test/images)
PACK = $(BIN)/faceparse submit pack
CHECK = $(BIN)/faceparse submit check
REHEARSED = --run --timeout 600 --scratch rehearsal

rehearse: setup
	rm -rf rehearsal
	mkdir rehearsal
	$(if $(DATA),,$(BIN)/faceparse data synth rehearsal/faces --num 15 --size 512 --seed 0 --layout challenge)
	$(PACK) 2025 compact --images $(PHOTOS) --out rehearsal/upload-2025.zip --tta flip
	$(CHECK) 2025 rehearsal/upload-2025.zip --images $(PHOTOS) $(REHEARSED)
	$(BIN)/faceparse report results/compact --out rehearsal/report.pdf --matric A12345678B --user NAME --score unknown
	$(PACK) 2022 compact --images $(PHOTOS) --out rehearsal/upload-2022.zip --tta flip --hand-in rehearsal/A12345678B.zip --matric A12345678B --user NAME --report rehearsal/report.pdf
	$(CHECK) 2022 rehearsal/upload-2022.zip --images $(PHOTOS)
	$(CHECK) 2022 rehearsal/A12345678B.zip --images $(PHOTOS) $(REHEARSED)

setup: $(VENV)/ready

# Rebuilt when what is installed changes; a failed install leaves no `ready` behind
$(VENV)/ready: pyproject.toml constraints.txt
	@echo "setting up $(VENV): a minute or two and about 5 GB the first time"
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed; name it with: make PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all,dev]'
	touch $@

clean:
	rm -rf $(VENV) demo rehearsal
