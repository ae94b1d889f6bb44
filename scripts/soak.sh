#!/usr/bin/env bash
# Runs the kill tests, then everything, again and again in a new random order each round. Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."

# The long forms: twenty random kills, five million readings that wait for their store, the rules over five seeds in
# four climates (floor 0.95; 1.0 recall of fire, leak, residual current and forced door),
# savings over twenty, two thousand random messages for each way of making them and each format, and a million payloads
# made of what gateways say.
export PREMISES_TEST_KILLS="${PREMISES_TEST_KILLS:-20}" PREMISES_TEST_WAITING="${PREMISES_TEST_WAITING:-5000000}"
export PREMISES_TEST_SEEDS="${PREMISES_TEST_SEEDS:-5}" PREMISES_TEST_SAVED="${PREMISES_TEST_SAVED:-20}"
export PREMISES_TEST_DECODES="${PREMISES_TEST_DECODES:-2000}" PREMISES_TEST_PAYLOADS="${PREMISES_TEST_PAYLOADS:-1000000}"

echo "soak: rules over seeds 1 to $PREMISES_TEST_SEEDS, with real devices over 300 more than these"

for round in $(seq "${ROUNDS:-20}"); do
    echo "soak: round $round of ${ROUNDS:-20}"
    scripts/test.sh -x
done
