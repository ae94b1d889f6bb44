#!/usr/bin/env bash
# Proves that every locked runtime package has a wheel for glibc 2.28, on x86_64 and on aarch64. Downloads about 300 MB.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for machine in x86_64 aarch64; do
    platforms=()
    # pip takes only the tags it is given, so the older ones that glibc 2.28 also runs are listed.
    for glibc in 2_28 2_27 2_26 2_24 2_17 2_12 2_5; do
        platforms+=(--platform "manylinux_${glibc}_$machine")
    done
    platforms+=(--platform "manylinux2014_$machine" --platform "manylinux2010_$machine" --platform "manylinux1_$machine")
    .venv/bin/python -m pip --disable-pip-version-check --quiet download --only-binary=:all: --no-deps --require-hashes \
        --implementation cp --python-version 311 "${platforms[@]}" --dest "$folder/$machine" -r requirements.lock
    echo "wheels for glibc 2.28 on $machine: $(find "$folder/$machine" -name '*.whl' | wc -l)"
done
