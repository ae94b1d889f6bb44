#!/usr/bin/env bash
# Runs all tests: those that end processes with kill -9, or must be done in time, serially and last. Fails when either fails.
set -uo pipefail
cd "$(dirname "$0")/.."

started=$SECONDS
failed=0
.venv/bin/python -m pytest -n "${WORKERS:-2}" -m "not kill" "$@" || failed=1
.venv/bin/python -m pytest -n 0 -m kill "$@" || failed=1
echo "tests: $((SECONDS - started)) s"
exit "$failed"
