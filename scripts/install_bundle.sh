#!/usr/bin/env bash
# install.sh [FOLDER]: verifies this bundle and installs Premises into a virtual environment of FOLDER (/opt/premises),
# from this bundle alone: no index is asked. Needs Python 3.11 with venv. Running it again upgrades.
set -euo pipefail
cd "$(dirname "$0")"

target=${1:-/opt/premises}
python=${PYTHON:-python3.11}
wheels=wheels/$(uname -m)

sha256sum --quiet --strict --check SHA256SUMS || {
    echo "install: a file of the bundle differs from its checksum; copy the bundle again" >&2
    exit 1
}
# A file that is in no list was put here by somebody else.
extra=$(comm -13 <(cut -c 67- SHA256SUMS | LC_ALL=C sort) <(find . -type f ! -name SHA256SUMS | LC_ALL=C sort))
[ -z "$extra" ] || {
    echo "install: not of this bundle: $extra" >&2
    exit 1
}
[ -d "$wheels" ] || {
    echo "install: the bundle has no wheels for $(uname -m), only for: $(ls wheels)" >&2
    exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || {
    echo "install: $python is no Python 3.11; name one: PYTHON=/path/to/python3.11 ./install.sh" >&2
    exit 1
}

[ -x "$target/bin/python" ] || "$python" -m venv "$target"
pip=("$target/bin/python" -m pip --disable-pip-version-check --quiet --isolated install --no-index --no-cache-dir)
"${pip[@]}" --require-hashes --only-binary=:all: --find-links "$wheels" -r requirements.lock
"${pip[@]}" --no-deps --force-reinstall project/premises-*.whl
"$target/bin/premises" --version
