#!/usr/bin/env bash
# Looks the locked packages up in a public database of weaknesses, with pip-audit in an environment of its own.
# Says so where the database cannot be reached: that is no pass. Exit codes: 0 none known, 1 some, 3 not looked up.
set -uo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
if ! "$folder/venv/bin/python" -m pip --disable-pip-version-check --quiet install pip-audit 2>"$folder/install.log"; then
    echo "audit: pip-audit cannot be installed here; NOT looked up. Run this where the network reaches." >&2
    exit 3
fi

"$folder/venv/bin/pip-audit" --no-deps --disable-pip --require-hashes -r requirements-server.lock \
    --progress-spinner off --timeout 20 >"$folder/found" 2>"$folder/said"
code=$?
cat "$folder/found"
missed=$(grep -c 'could not be audited' "$folder/found")

# It ends with 0 where it could look up nothing, and with 1 where nobody answered: only its words tell.
if grep -q '^Found ' "$folder/said"; then
    grep '^Found ' "$folder/said" >&2
    exit 1
elif [ $code -ne 0 ]; then
    echo "audit: the database of weaknesses cannot be reached; NOT looked up. Run this where the network reaches." >&2
    tail -n 1 "$folder/said" >&2
    exit 3
elif [ "$missed" -gt 0 ]; then
    echo "audit: the database has no answer for $missed packages; these are NOT looked up." >&2
    exit 3
fi
echo "audit: nothing is known against the locked packages"
