# `make help` lists what there is. WORKERS=n sets how many tests run at once, PYTHON=… which Python .venv is made with.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup test check lint format coverage lock wheels soak demo bundle sbom audit install-systemd clean
export PYTHON WORKERS ROUNDS UPGRADE DESTDIR PROGRAM MOSQUITTO

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

setup: ## make .venv with the locked packages; install mosquitto where it is missing
	@scripts/setup.sh

test: setup ## set up, then run all tests
	@scripts/test.sh

check: setup lint ## set up, formatter, linters, types, layers, then all tests
	@scripts/test.sh

lint: setup ## formatter, linters, types and layers only
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format: setup ## rewrite the code in the house's format
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix-only .

coverage: setup ## branch coverage, with a floor that only rises
	@scripts/coverage.sh

lock: setup ## bring the lock files up to pyproject.toml; UPGRADE=1 takes the newest (needs uv)
	@scripts/lock.sh

wheels: setup ## prove that the locked packages have wheels for glibc 2.28 (needs the network)
	@scripts/check_wheels.sh

soak: setup ## the tests ROUNDS times (20), with 20 kills and millions waiting, in a new order each time
	@scripts/soak.sh

demo: setup ## run a simulated building with its console, until Ctrl-C
	@scripts/demo.sh

bundle: setup ## an offline bundle in dist/: wheels for x86_64 and aarch64, locks, checksums (needs the network)
	@scripts/bundle.sh

sbom: setup ## the bill of materials of the locks, CycloneDX, into dist/sbom.cdx.json
	@mkdir -p dist && .venv/bin/python scripts/sbom.py requirements-server.lock >dist/sbom.cdx.json && echo dist/sbom.cdx.json

audit: setup ## look the locked packages up in a database of weaknesses, where one can be reached
	@scripts/audit.sh

install-systemd: ## units, broker's configuration and settings into place; DESTDIR and PROGRAM are heeded
	@scripts/install_systemd.sh

clean: ## remove what was made, the environment too
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov .coverage .coverage.* demo-output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
