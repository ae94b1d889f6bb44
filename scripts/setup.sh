#!/usr/bin/env bash
# Sets up a bare machine: Python and .venv first, then packages and system parts side by side. Quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

started=$SECONDS
scripts/setup_python.sh

stamp=.venv/.packages
wanted=$(cat requirements-dev.lock pyproject.toml scripts/setup_packages.sh | cksum)
wanted="$wanted $(pwd)"

scripts/setup_system.sh &
system=$!
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
    scripts/setup_packages.sh || {
        wait "$system" || true
        exit 1
    }
    printf '%s' "$wanted" >"$stamp"
fi
wait "$system"
echo "setup: $((SECONDS - started)) s"
