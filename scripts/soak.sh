#!/usr/bin/env bash
# Runs the kill tests, then everything, again and again in a new random order each round. Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."

for round in $(seq "${ROUNDS:-20}"); do
    echo "soak: round $round of ${ROUNDS:-20}"
    scripts/test.sh -x
done
