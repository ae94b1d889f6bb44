#!/usr/bin/env bash
# Simulates five weeks of a building of twelve rooms, analyses them and opens the answer where there is a display.
set -euo pipefail
cd "$(dirname "$0")/.."

started=$SECONDS
out=demo-output
premises=.venv/bin/premises
mkdir -p "$out"

"$premises" simulate --days 35 --rooms 12 --seed 1 --faults demo \
    --csv "$out/readings.csv" --registry "$out/registry.yaml" --truth "$out/truth.csv"
for language in zh en; do
    "$premises" analyze --csv "$out/readings.csv" --registry "$out/registry.yaml" \
        --html "$out/answer.$language.html" --language "$language"
done
"$premises" analyze --csv "$out/readings.csv" --registry "$out/registry.yaml" --language en

page="$out/answer.zh.html"
case "${LANG:-}" in zh*) ;; *) page="$out/answer.en.html" ;; esac
echo
echo "the answer: $out/answer.zh.html and $out/answer.en.html; what was broken: $out/truth.csv"
echo "demo: $((SECONDS - started)) s"

# A browser is a courtesy: without a display, or where it will not start, the demo has still done its work.
if [ "$(uname)" = Darwin ]; then
    open "$page" 2>/dev/null || true
elif [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null; then
    xdg-open "$page" >/dev/null 2>&1 || true
fi
