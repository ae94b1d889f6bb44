#!/usr/bin/env bash
# Measures branch coverage over all tests, subprocesses included. The floor in pyproject.toml only rises.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=0
.venv/bin/coverage erase
.venv/bin/coverage run -m pytest -n "${WORKERS:-2}" -m "not kill and not alone" || failed=1
.venv/bin/coverage run -m pytest -n "${WORKERS:-2}" -m kill || failed=1
.venv/bin/coverage run -m pytest -n 0 -m alone || failed=1
.venv/bin/coverage combine --quiet
.venv/bin/coverage report --skip-covered --show-missing || failed=1
exit "$failed"
