#!/usr/bin/env bash
# Makes .venv with a Python of 3.11 or newer. PYTHON=/path/to/python chooses another one.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/system.sh

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    local candidate
    local candidates=(python3.11 python3.12 python3.13 python3 python)
    [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

if [ -x .venv/bin/python ] && is_new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; then
    exit 0
fi

if ! python=$(find_python); then
    [ -n "${PYTHON:-}" ] || { may_apt && apt_install python3 python3-venv; } || true
    python=$(find_python) || {
        say "setup: no Python 3.11 or newer was found. Install one, or name it: make setup PYTHON=/path/to/python3.11"
        exit 1
    }
fi

# Debian and Ubuntu leave ensurepip out of their Python; without it a venv has no pip.
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    may_apt && { apt_install "python$version-venv" || apt_install python3-venv; } || {
        say "setup: $python cannot make virtual environments. Install python$version-venv (apt) or python3-pip (dnf)."
        exit 1
    }
fi

say "setup: .venv with $("$python" --version) ($python)"
"$python" -m venv --clear .venv
