#!/usr/bin/env bash
# Runs all tests: then those that end processes with kill -9, last and alone those that must be done in time.
# Fails when any of the three fails.
set -uo pipefail
cd "$(dirname "$0")/.."

started=$SECONDS
failed=0
.venv/bin/python -m pytest -n "${WORKERS:-2}" -m "not kill and not alone" "$@" || failed=1
.venv/bin/python -m pytest -n "${WORKERS:-2}" -m kill "$@" || failed=1
.venv/bin/python -m pytest -n 0 -m alone "$@" || failed=1
echo "tests: $((SECONDS - started)) s"
exit "$failed"
