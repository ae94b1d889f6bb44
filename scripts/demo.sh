#!/usr/bin/env bash
# Runs the live demo: five weeks of a simulated building of twelve rooms, then its present, until Ctrl-C.
# Opens the console where there is a display. Arguments go to `premises demo`, such as --check or --port 8090.
set -euo pipefail
cd "$(dirname "$0")/.."

# A broker is often in a sbin folder that an ordinary user's PATH leaves out.
PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"

if [ $# -eq 0 ] && { [ "$(uname)" = Darwin ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }; then
    set -- --open
fi
exec .venv/bin/premises demo "$@"
