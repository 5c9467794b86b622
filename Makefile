# make demo    the demo's report                make test    all tests, with coverage; make quick the plain ones alone
# make check   ruff, mypy, import-linter        make sample  sample_output/, with pictures where Chromium is installed
# make bench   the figures of docs/performance.md    make messages   the catalogues of the page's languages
# make generated   what the program says of itself elsewhere: the JSON's schema, the tables of options and rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := demo
.PHONY: demo test quick check sample messages generated bench fuzz clean

demo: $(VENV)/.run
	$(BIN)/reportgen demo --output demo-report.html

# A worker for each core; more than four would each load TensorFlow and wait for the longest tests. Python's bytecode is kept,
# also where an image forbids it: else every process of a test compiles all modules, and every run rewrites all assertions.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

test: $(VENV)/.dev
	$(PYTEST) --cov=reportgen --cov-report=term --cov-fail-under=95

quick: $(VENV)/.dev
	$(PYTEST) -m "not slow and not dear" --durations=10 --durations-min=1

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

sample: $(VENV)/.dev
	SOURCE_DATE_EPOCH=1767225600 $(BIN)/reportgen demo --output sample_output/report.html --json sample_output/report.json
	SOURCE_DATE_EPOCH=1767225600 $(BIN)/reportgen build sample_output/pieces/model.keras --samples sample_output/pieces/samples.npz \
	  --class-names reportgen/demo/class_names.txt --title "Pieces of clothing on textured grounds" --output sample_output/pieces/report.html
	$(BIN)/python sample_output/screenshots.py

# Collects the page's texts into every catalogue; a new text comes with an empty translation, which a test refuses.
messages: $(VENV)/.dev
	$(BIN)/pybabel extract --mapping-file pyproject.toml --keyword say --keyword counted:2,3 --no-location --sort-output \
	  --no-wrap --omit-header --output $(VENV)/messages.pot .
	for catalogue in reportgen/rendering/languages/*.po; do \
	  $(BIN)/pybabel update --input-file $(VENV)/messages.pot --output-file $$catalogue --locale $$(basename $$catalogue .po) \
	    --no-wrap --no-fuzzy-matching --ignore-obsolete --omit-header || exit; \
	done

# Run it after a change to a result's dataclass or its docstring, to a rule or to an option.
generated: $(VENV)/.dev
	$(BIN)/python docs/generate.py

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/costs.py --write
	$(BIN)/python benchmarks/files.py
	$(BIN)/python benchmarks/page.py
	$(BIN)/python benchmarks/batch.py

# About an hour; another SEED damages other files. What fails stays in tests/fuzz/corpus/, to be mended and committed.
SEED ?= 1
COUNT ?= 200000
fuzz: $(VENV)/.dev
	$(BIN)/python tests/fuzz/fuzz.py --count $(COUNT) --seed $(SEED)

clean:
	rm -rf $(VENV) build dist *.egg-info templates/compiled

# Each marker file stands for an environment that was installed from this pyproject.toml.
$(VENV)/.run: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(VENV)/.run $@
