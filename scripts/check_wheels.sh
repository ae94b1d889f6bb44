#!/usr/bin/env bash
# Proves that every locked package of a server has a wheel for glibc 2.28, on x86_64 and on aarch64. Downloads about 600 MB.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for machine in x86_64 aarch64; do
    scripts/download_wheels.sh requirements-server.lock "$folder/$machine" "$machine"
done
