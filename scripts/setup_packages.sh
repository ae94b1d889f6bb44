#!/usr/bin/env bash
# Installs the locked packages and this checkout into .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet)
"${pip[@]}" install --require-hashes -r requirements-dev.lock
"${pip[@]}" install --no-deps --no-build-isolation -e .
