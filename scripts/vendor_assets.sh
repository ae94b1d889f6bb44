#!/usr/bin/env bash
# Brings the console's two JavaScript libraries into api/static/vendor, with their licences and a manifest of checksums.
# Needs npm and the network. Versions are named here and nowhere else: npm's `latest` of htmx is another major version.
set -euo pipefail
cd "$(dirname "$0")/.."

htmx=2.0.11
uplot=1.6.32
static=$PWD/api/static

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

unpack() { # NAME VERSION
    mkdir -p "$folder/$1"
    (cd "$folder" && tar xzf "$(npm pack --silent "$1@$2")" -C "$1" --strip-components=1)
    install -m 644 "$folder/$1/LICENSE" "$static/licences/$1.txt"
}

mkdir -p "$static/vendor" "$static/licences"
unpack htmx.org "$htmx"
unpack uplot "$uplot"
install -m 644 "$folder/htmx.org/dist/htmx.min.js" "$static/vendor/htmx.min.js"
install -m 644 "$folder/uplot/dist/uPlot.iife.min.js" "$static/vendor/uplot.min.js"
install -m 644 "$folder/uplot/dist/uPlot.min.css" "$static/vendor/uplot.min.css"

entry() { # FILE PACKAGE VERSION LICENCE
    printf '  "vendor/%s": {\n    "package": "%s",\n    "version": "%s",\n    "licence": "%s",\n    "licence_file": "licences/%s.txt",\n    "sha256": "%s"\n  }' \
        "$1" "$2" "$3" "$4" "$2" "$(sha256sum "$static/vendor/$1" | cut -d ' ' -f 1)"
}

{
    printf '{\n'
    entry htmx.min.js htmx.org "$htmx" 0BSD
    printf ',\n'
    entry uplot.min.js uplot "$uplot" MIT
    printf ',\n'
    entry uplot.min.css uplot "$uplot" MIT
    printf '\n}\n'
} >"$static/manifest.json"
