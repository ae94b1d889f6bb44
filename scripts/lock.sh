#!/usr/bin/env bash
# Pins every package with its hashes, for every platform, naming no package index. Needs uv.
# Pins that still fit stay; UPGRADE=1 takes the newest of everything.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -x .venv/bin/uv ]; then
    uv=.venv/bin/uv
elif ! uv=$(command -v uv); then
    echo "lock: uv is missing. Install it into the environment: .venv/bin/python -m pip install uv" >&2
    exit 1
fi

compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} "$@" >/dev/null
}

compile pyproject.toml -o requirements.lock
compile pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
# What a server with PostgreSQL installs (Docker, the offline bundle), and what builds the project's own wheel.
compile pyproject.toml --extra postgres -c requirements.lock -o requirements-server.lock
echo 'setuptools>=77' | compile - -c requirements-dev.lock -o requirements-build.lock
