# `make` lists the targets. Each one sets up what it needs in .venv, once.
# PYTHON=python3.12 chooses the interpreter; otherwise the first suitable one is used.

BIN := .venv/bin

# Compiled files are kept beside the sources: tests start many processes that read them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint format docs pictures bench clean
help: ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: .venv/.ready-viewer ## open napari with a segmented sample; without a display, write pictures
	$(BIN)/dinocell demo

test: .venv/.ready-test ## run the tests; ARGS="-n 0 -k name" goes to pytest
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: .venv/.ready-dev ## check style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.ready-dev ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/.ready-docs ## build the documentation into build/site; warnings are errors
	$(BIN)/python -m mkdocs build --strict

pictures: .venv/.ready-test ## make the pictures of README and documentation anew
	$(BIN)/python scripts/result_pictures.py
	$(BIN)/python scripts/pictures.py

bench: .venv/.ready-test ## run every benchmark with its defaults
	@set -e; for file in benchmarks/[a-z]*.py; do \
	    [ -e "$$file" ] || { echo "There are no benchmarks."; exit 0; }; \
	    echo "== $$file"; $(BIN)/python "$$file"; done

clean: ## remove .venv and build results
	rm -rf .venv build dist

.venv/.ready-%: pyproject.toml scripts/setup.sh scripts/system_packages.sh
	scripts/setup.sh $*
