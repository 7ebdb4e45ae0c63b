# make lab       set up and open the course in JupyterLab       (ARGS="--no-browser --port 8899")
# make install   set up only, into .venv
# make test      set up and run every test
# make build     build notebooks/, solutions/ and exercises/ from units/   (ARGS="1")
# make test-seeds   every exercise over 200 seeds, every stated number over several   (ARGS="-k l1_penalty")
# make test-threads   every notebook on two threads: the same outputs
# make test-class   300 submissions graded, the grader killed three times meanwhile
# make bench     time the trainer side by side with other libraries    (ARGS="--quick")
# make bench-grading   time course grade side by side with nbgrader autograde
# make test-saelens   check exports with SAELens itself
# make format    format package, units and tests

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# OMP_WAIT_POLICY: on a busy machine waiting threads would otherwise spin and starve the others
QUIET := COURSE_PROGRESS=off TQDM_DISABLE=1 PYTHONDONTWRITEBYTECODE=1 OMP_WAIT_POLICY=PASSIVE
NBVAL := $(BIN)/python -m pytest -n 2 --dist loadscope --nbval --nbval-current-env \
	--nbval-cell-timeout 120 \
	--nbval-sanitize-with tests/nbval_sanitize.cfg notebooks solutions

.PHONY: lab install test build format bench bench-grading test-saelens test-seeds test-threads \
	test-class clean
.DEFAULT_GOAL := lab

lab: install
	$(BIN)/course lab $(ARGS)

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit( \
		f"This is Python {v[0]}.{v[1]}; the course needs 3.11 or later. Try: make PYTHON=python3.11 install")'
	@echo "Setting up the course in $(VENV) (a few minutes the first time) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --editable .
	@touch $@

$(VENV)/.developer: $(VENV)/.installed
	@echo "Adding what builds and tests the notebooks …"
	@$(PIP) --editable '.[dev]'
	@touch $@

build: $(VENV)/.developer
	$(BIN)/course build $(ARGS)

format: $(VENV)/.developer
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: $(VENV)/.developer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(QUIET) $(BIN)/python -m pytest -n 2 --dist worksteal -m "not browser"
	$(QUIET) OMP_NUM_THREADS=1 $(NBVAL)
	$(QUIET) $(BIN)/python -m pytest -n 2 --dist loadgroup -m browser -rs

# Side by side with other libraries, each in an environment of its own (hours the first time).
bench: $(VENV)/.developer
	$(BIN)/python -m benchmarks $(ARGS)

# Submissions a minute, side by side with nbgrader autograde.
bench-grading: $(VENV)/.developer
	$(BIN)/python -m benchmarks.grading $(ARGS)

# Rare draws are found by drawing more often than every run of the tests can afford.
test-seeds: $(VENV)/.developer
	$(QUIET) COURSE_SEEDS=200 $(BIN)/python -m pytest -n 2 --dist worksteal \
		tests/test_exercises.py tests/test_wrong_answers.py tests/test_stages.py \
		tests/test_grading_standins.py tests/test_facts_*.py $(ARGS)

# The course computes on one thread; the notebooks' stored outputs must hold on two as well.
test-threads: $(VENV)/.developer
	$(QUIET) OMP_NUM_THREADS=2 $(NBVAL)

test-class: $(VENV)/.developer
	$(QUIET) COURSE_CLASS=300 $(BIN)/python -m pytest tests/test_grading_class.py

# Our exports, loaded by SAELens itself; it has an environment of its own (2 GB).
test-saelens:
	@$(PYTHON) -m venv .venv-saelens
	@.venv-saelens/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[saelens]' pytest
	$(QUIET) COURSE_REQUIRE_SAELENS=1 .venv-saelens/bin/python -m pytest tests/saelens

clean:
	rm -rf $(VENV) .venv-saelens benchmarks/.environments .course_build build *.egg-info
