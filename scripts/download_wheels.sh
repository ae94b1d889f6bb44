#!/usr/bin/env bash
# download_wheels.sh LOCK FOLDER MACHINE: the wheels of a lock for glibc 2.28, checked against its hashes, by whatever
# index pip is configured with. MACHINE is x86_64 or aarch64.
set -euo pipefail
cd "$(dirname "$0")/.."

lock=$1 folder=$2 machine=$3
platforms=()
# pip takes only the tags it is given, so the older ones that glibc 2.28 also runs are listed.
for glibc in 2_28 2_27 2_26 2_24 2_17 2_12 2_5; do
    platforms+=(--platform "manylinux_${glibc}_$machine")
done
platforms+=(--platform "manylinux2014_$machine" --platform "manylinux2010_$machine" --platform "manylinux1_$machine")
.venv/bin/python -m pip --disable-pip-version-check --quiet download --only-binary=:all: --no-deps --require-hashes \
    --implementation cp --python-version 311 "${platforms[@]}" --dest "$folder" -r "$lock"
echo "wheels for glibc 2.28 on $machine: $(find "$folder" -name '*.whl' | wc -l)"
