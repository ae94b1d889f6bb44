#!/usr/bin/env bash
# Makes dist/premises-VERSION-offline.tar: all that a machine without a network needs, with checksums of every file.
# MACHINES chooses the wheels ("x86_64 aarch64"); WHEELS names a folder that has them already, a folder for each machine;
# LOCK and DIST are for the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON_PROGRAM:-.venv/bin/python}
lock=${LOCK:-requirements-server.lock}
dist=${DIST:-dist}
machines=${MACHINES:-x86_64 aarch64}
version=$("$python" -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
name=premises-$version-offline
folder=$dist/$name

rm -rf "$folder"
mkdir -p "$folder/wheels"

for machine in $machines; do
    if [ -n "${WHEELS:-}" ]; then
        cp -r "$WHEELS/$machine" "$folder/wheels/$machine"
    else
        scripts/download_wheels.sh "$lock" "$folder/wheels/$machine" "$machine"
    fi
done

# Built from a copy, so that what lies about in the checkout gets into no wheel and the build leaves nothing behind.
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
git ls-files -z | xargs -0 -I{} cp --parents {} "$source"
"$python" -m pip --disable-pip-version-check --quiet wheel --no-deps --no-build-isolation --no-index \
    --wheel-dir "$folder/project" "$source"

mkdir -p "$folder/scripts" "$folder/docs"
cp "$lock" "$folder/requirements.lock"
cp scripts/install_bundle.sh "$folder/install.sh"
cp scripts/install_systemd.sh scripts/first_run.sh "$folder/scripts/"
cp docs/install.md docs/install.zh.md docs/administration.md docs/settings.md "$folder/docs/"
cp -r docker-compose.yml LICENSE SECURITY.md CHANGELOG.md "$folder/"
git ls-files -z deploy | xargs -0 -I{} cp --parents {} "$folder"
"$python" scripts/sbom.py "$lock" >"$folder/sbom.cdx.json"

# What `docker save` has to bring along where the stack runs under Docker.
{ sed -n 's/^ *image: //p' docker-compose.yml; sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile; } | sort -u >"$folder/images.txt"

(cd "$folder" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)
tar --sort=name --owner=0 --group=0 --numeric-owner -cf "$dist/$name.tar" -C "$dist" "$name"
(cd "$dist" && sha256sum "$name.tar" >"$name.tar.sha256")
echo "$dist/$name.tar: $(du -sh "$dist/$name.tar" | cut -f 1), $(find "$folder/wheels" -name '*.whl' | wc -l) wheels"
