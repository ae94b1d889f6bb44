#!/usr/bin/env bash
# Runs the kill tests, then everything, again and again in a new random order each round. Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."

# The long forms: twenty random kills, and five million readings that wait for their store.
export PREMISES_TEST_KILLS="${PREMISES_TEST_KILLS:-20}" PREMISES_TEST_WAITING="${PREMISES_TEST_WAITING:-5000000}"

for round in $(seq "${ROUNDS:-20}"); do
    echo "soak: round $round of ${ROUNDS:-20}"
    scripts/test.sh -x
done
